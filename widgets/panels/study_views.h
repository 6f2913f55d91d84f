// The pictures of the studies: one function an answer. Each takes its record and says what the hand did.
#pragma once

#include "widgets/panels/map_strip.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Accuracy against GFLOPs an image; the marker stands where the look's capacity (or the number of experts kept) is.
void draw_curve(const ui::Rect& area, const Report& report, const Curve& curve, bool has_marker,
                double marker_position);

/// Share of each class's patches that an expert of the layer has; hovering lights the expert everywhere.
void draw_affinity(const ui::Rect& area, const Seen& seen, const Affinity& affinity, Selection& selection);

/// The patches on which the pointed expert's weight is largest, cut from their images; a click chooses the image.
void draw_top_patches(const ui::Rect& area, const Seen& seen, const GallerySource& gallery, const TopPatches& top,
                      Selection& selection, std::vector<Command>& out);

/// Which experts take part in the same patches, or follow each other from layer to layer.
void draw_coactivation(const ui::Rect& area, const Seen& seen, const Coactivation& co, bool to_next,
                       Selection& selection);

/// Confusion matrix left; right, the images of the chosen cell. `label`, `as`: the cell, -1 none.
void draw_mistakes(const ui::Rect& area, const Seen& seen, const GallerySource& gallery, const Mistakes& mistakes,
                   int64_t& label, int64_t& as, bool only_unusual, Selection& selection, std::vector<Command>& out);

/// What a point of the map says by its colour.
enum class PointColor { expert, label, error };

/// Patch embeddings as points; a click chooses the image and pins the patch.
void draw_embedding(const ui::Rect& area, const Seen& seen, const Embedding& embedding, PointColor colors,
                    Selection& selection, std::vector<Command>& out);

/// How far each layer of the GPU's stands from the CPU's, as bars over powers of ten, the tolerance a line.
void draw_parity(const ui::Rect& area, const Parity& parity);

/// The pointed patch through all MoE layers: expert and weight a layer, and how much of the image goes the same way.
void draw_path(const ui::Rect& area, const Seen& seen, Selection& selection);

/// Where the pointed patch looks in the block before the routing on view: mean over heads, and each head small.
void draw_attention(const ui::Rect& area, const Seen& seen, MapStrip& heads, Selection& selection);

/// A distinct colour for a class, of the experts' palette.
ImU32 class_color(int64_t label);
std::string class_name(const Seen& seen, int64_t label);

}  // namespace moescope::panels
