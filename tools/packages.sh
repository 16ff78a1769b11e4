# SPDX-License-Identifier: MIT
# packages.sh: the Debian packages that fovea needs; sourced by demo and check.

packages_build="gcc meson ninja-build pkg-config flex bison libglib2.0-dev libjson-glib-dev libpng-dev libturbojpeg0-dev \
libwebp-dev libarchive-dev libsqlite3-dev zlib1g-dev ocl-icd-opencl-dev"
packages_run="pocl-opencl-icd"
packages_data="dataset-fashion-mnist"
packages_manual="scdoc"
packages_test="mesa-opencl-icd oclgrind clang-format clang-tidy perl"

# missing_packages NAME...: those that are not installed.
missing_packages() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
  done
}

# as_root COMMAND...: with sudo when not root.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "not root, and there is no sudo; as root run: $*" >&2
    return 1
  fi
}

# install_packages NAME...: says what is missing and installs it.
install_packages() {
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "this is no Debian: please install what these packages of Debian 12 hold: $missing" >&2
    return 1
  fi
  echo "installing with apt: $missing"
  as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
