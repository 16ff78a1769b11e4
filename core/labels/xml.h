/* SPDX-License-Identifier: MIT
 * xml.h: small XML documents as trees. */
#ifndef FOVEA_LABELS_XML_H
#define FOVEA_LABELS_XML_H

#include <glib.h>

typedef struct FvXml {
    char *name;
    GString *attributes; /* as written: ` a="b"` */
    GString *text;
    GPtrArray *children; /* of FvXml */
    int line;
} FvXml;

/** Nested at most @deepest. NULL with a message that names the line, of GMarkup's domain. */
FvXml *fv_xml_read(const char *text, gsize size, int deepest, GError **error);
void fv_xml_free(gpointer xml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvXml, fv_xml_free)
/** The first child of that name, or NULL. */
const FvXml *fv_xml_child(const FvXml *xml, const char *name);
/** Appends an element, on a line of its own. */
void fv_xml_put(GString *text, const FvXml *xml, int indent);

#endif
