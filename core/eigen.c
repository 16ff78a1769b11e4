/* SPDX-License-Identifier: MIT
 * eigen.c: eigenvalues and eigenvectors of real symmetric matrices: Householder's reduction to a tridiagonal matrix,
 * then QL with implicit shifts (Golub and Van Loan, Matrix computations, 8.3).
 *
 * Everything runs along rows, which lie one number after the other: what the books do to columns of vectors is done to
 * rows here, so that compilers make vectors of it. */
#include <fovea/plugin.h>

#include <math.h>
#include <string.h>

enum { MOST_ROUNDS = 60 }; /* of QL for one eigenvalue; 2 are usual */

typedef struct {
    int n;
    double *matrix;            /* rows k of the upper triangle; beside the diagonal of row k then lies vector k */
    double *vectors;           /* rows */
    double *diagonal, *beside; /* beside[k] joins k and k + 1 */
    double *factors, *room;    /* of the reflections I - factor v v'; n numbers */
} Problem;

static double dot(const double *a, const double *b, int n)
{
    double sum[4] = { 0 };
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            sum[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void add_multiple(double *to, double factor, const double *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += factor * from[i];
}

/* ------------------------------------------------------------ to tridiagonal */

/* Makes v of x, n numbers, such that (I - factor v v') x is (result, 0, 0 ...). Scaled, so that nothing overflows. */
static double reflection(double *x, int n, double *result)
{
    double scale = 0;
    for (int i = 0; i < n; i++)
        scale = fmax(scale, fabs(x[i]));
    *result = x[0];
    if (!(scale > 0) || n == 1)
        return 0;
    for (int i = 0; i < n; i++)
        x[i] /= scale;
    const double length = copysign(sqrt(dot(x, x, n)), x[0]);
    *result = -length * scale;
    x[0] += length; /* of the same sign: no digits are lost */
    return 1 / (length * x[0]);
}

/* w = A v for the rows and columns from `first`, of which the upper triangle is kept. */
static void multiply(const Problem *p, int first, const double *v, double *w)
{
    const int n = p->n - first;
    memset(w, 0, (size_t) n * sizeof *w);
    for (int i = 0; i < n; i++) {
        const double *row = p->matrix + (size_t) (first + i) * (size_t) p->n + (first + i);
        w[i] += dot(row, v + i, n - i);
        add_multiple(w + i + 1, v[i], row + 1, n - i - 1);
    }
}

static void reduce_row(Problem *p, int k)
{
    const int first = k + 1, n = p->n - first;
    double *v = p->matrix + (size_t) k * (size_t) p->n + first, *w = p->room;
    const double factor = p->factors[k] = reflection(v, n, &p->beside[k]);
    if (factor == 0)
        return;
    multiply(p, first, v, w);
    for (int i = 0; i < n; i++)
        w[i] *= factor;
    add_multiple(w, -0.5 * factor * dot(v, w, n), v, n);
    for (int i = 0; i < n; i++) {
        double *row = p->matrix + (size_t) (first + i) * (size_t) p->n + (first + i);
        for (int j = 0; j < n - i; j++)
            row[j] -= v[i] * w[i + j] + w[i] * v[i + j];
    }
}

/* The product of all reflections, the last first: each changes rows and columns after its own only. */
static void collect(Problem *p)
{
    const size_t n = (size_t) p->n;
    memset(p->vectors, 0, n * n * sizeof *p->vectors);
    for (size_t i = 0; i < n; i++)
        p->vectors[i * n + i] = 1;
    for (int k = p->n - 3; k >= 0; k--) {
        const int first = k + 1, count = p->n - first;
        const double *v = p->matrix + (size_t) k * n + first;
        for (int i = first; i < p->n && p->factors[k] != 0; i++) {
            double *row = p->vectors + (size_t) i * n + first;
            add_multiple(row, -p->factors[k] * dot(row, v, count), v, count);
        }
    }
}

static void reduce(Problem *p)
{
    for (int k = 0; k + 2 < p->n; k++)
        reduce_row(p, k);
    for (int k = 0; k < p->n; k++)
        p->diagonal[k] = p->matrix[(size_t) k * (size_t) p->n + k];
    if (p->n >= 2)
        p->beside[p->n - 2] = p->matrix[(size_t) (p->n - 2) * (size_t) p->n + (p->n - 1)];
    collect(p);
}

/* ------------------------------------------------------------------------ QL */

static void rotate_rows(Problem *p, int i, double c, double s)
{
    double *a = p->vectors + (size_t) i * (size_t) p->n, *b = a + p->n;
    for (int k = 0; k < p->n; k++) {
        const double f = b[k];
        b[k] = s * a[k] + c * f;
        a[k] = c * a[k] - s * f;
    }
}

/* Where the matrix falls apart, from `first` on. */
static int find_split(const Problem *p, int first)
{
    int m = first;
    while (m + 1 < p->n) {
        const double near = fabs(p->diagonal[m]) + fabs(p->diagonal[m + 1]);
        if (fabs(p->beside[m]) + near == near)
            break;
        m++;
    }
    return m;
}

static void chase(Problem *p, int first, int m)
{
    double *d = p->diagonal, *e = p->beside;
    double g = (d[first + 1] - d[first]) / (2 * e[first]), r = hypot(g, 1);
    double s = 1, c = 1, shift = 0;
    g = d[m] - d[first] + e[first] / (g + copysign(r, g));
    for (int i = m - 1; i >= first; i--) {
        const double f = s * e[i], b = c * e[i];
        r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { /* it fell apart on the way */
            d[i + 1] -= shift;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - shift;
        r = (d[i] - g) * s + 2 * c * b;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - b;
        rotate_rows(p, i, c, s);
    }
    d[first] -= shift;
    e[first] = g;
    e[m] = 0;
}

static gboolean find_values(Problem *p)
{
    for (int first = 0; first < p->n; first++) {
        int m, rounds = 0;
        while ((m = find_split(p, first)) != first) {
            if (++rounds > MOST_ROUNDS)
                return FALSE;
            chase(p, first, m);
        }
        if (!isfinite(p->diagonal[first]))
            return FALSE;
    }
    return TRUE;
}

/* ----------------------------------------------------------------------- ends */

typedef struct {
    double value;
    int row;
} Place;

static int descending(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    return x->value != y->value ? (x->value < y->value ? 1 : -1) : x->row - y->row;
}

static double sign_of(const double *row, int n)
{
    int most = 0;
    for (int i = 1; i < n; i++)
        if (fabs(row[i]) > fabs(row[most]))
            most = i;
    return row[most] < 0 ? -1 : 1;
}

static void put_out(const Problem *p, double *matrix, double *values)
{
    const size_t n = (size_t) p->n;
    g_autofree Place *places = g_new(Place, n);
    for (int k = 0; k < p->n; k++)
        places[k] = (Place){ p->diagonal[k], k };
    qsort(places, n, sizeof *places, descending);
    for (size_t k = 0; k < n; k++) {
        const double *row = p->vectors + (size_t) places[k].row * n, sign = sign_of(row, p->n);
        values[k] = places[k].value;
        for (size_t i = 0; i < n; i++)
            matrix[k * n + i] = sign * row[i];
    }
}

gboolean fv_symmetric_eigen(int n, double *matrix, double *values)
{
    const gsize count = (gsize) n;
    g_autofree double *vectors = g_new(double, count *count);
    g_autofree double *room = g_new0(double, 4 * count);
    Problem p = { n, matrix, vectors, room, room + count, room + 2 * count, room + 3 * count };
    reduce(&p);
    if (!find_values(&p))
        return FALSE;
    put_out(&p, matrix, values);
    return TRUE;
}
