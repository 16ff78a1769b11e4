/* SPDX-License-Identifier: MIT
 * cl2c: makes a C header of an OpenCL file: static const char NAME_cl[], with a #line so that compilers name the .cl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: cl2c IN.cl OUT.cl.h\n");
        return 2;
    }
    FILE *in = fopen(argv[1], "r");
    FILE *out = fopen(argv[2], "w");
    if (!in || !out) {
        perror(in ? argv[2] : argv[1]);
        return 1;
    }
    const char *base = strrchr(argv[1], '/');
    base = base ? base + 1 : argv[1];
    fprintf(out, "static const char %.*s_cl[] =\n    \"#line 1 \\\"%s\\\"\\n\"\n    \"", (int) (strlen(base) - 3), base,
            base);
    for (int c; (c = getc(in)) != EOF;) {
        switch (c) {
        case '\n':
            fputs("\\n\"\n    \"", out);
            break;
        case '"':
        case '\\':
            fputc('\\', out); /* fall through */
        default:
            fputc(c, out);
        }
    }
    fputs("\";\n", out);
    fclose(in);
    return fclose(out) ? 1 : 0;
}
