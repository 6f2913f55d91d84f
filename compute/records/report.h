// Reports over a data set: what experts do with classes, patches and each other, where the model errs, and what less
// compute costs. Asked of the explorer one after the other; each says how far it is and can be cancelled.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "compute/records/look.h"
#include "compute/records/parity.h"
#include "compute/records/what_if.h"

namespace moescope {

// ---- questions

struct AskAffinity {};
struct AskTopPatches {
  int64_t per_expert = 16;
  int64_t per_image = 2;  // of one expert's list at most so many from one image
};
struct AskCoactivation {};
struct AskMistakes {};
enum class Projection : uint8_t { pca, tsne };
struct AskEmbedding {
  int64_t layer = -1;  // block index of an MoE layer; -1: the last
  Projection projection = Projection::pca;
  int64_t max_points = 2000;  // patches, taken evenly over the images
  double perplexity = 30;     // tsne
};
/// One evaluation a point: the accuracy-vs-compute curve (capacity factors, k, slots) or the experts-kept curve.
struct AskCurve {
  std::vector<WhatIf> points;     // each on top of the request's what_if
  std::vector<double> positions;  // what to write on the axis, one a point
  std::string axis;               // "capacity factor", "experts kept by combine weight"
  int64_t first_images = 16;      // the first estimate is posted after so many
};
/// The same points for one image: what becomes of its answer.
struct AskImageCurve {
  WatchedImage image;
  AskCurve curve;
};
struct AskPurity {};  // Fashion Scenes only
struct AskParity {};  // the GPU beside the CPU on the first images; needs a GPU, or the program on the host

using Question = std::variant<AskAffinity, AskTopPatches, AskCoactivation, AskMistakes, AskEmbedding, AskCurve,
                              AskPurity, AskImageCurve, AskParity>;

struct ReportRequest {
  int64_t id = 0;  // chosen by who asks; a new request with the same id replaces the old one
  Question question;
  WhatIf what_if;          // the model is looked at under it; edits of the image are applied to every image
  int64_t max_images = 0;  // the first so many of the test split; 0: all
};

/// The points of an accuracy-vs-capacity curve for a sparse router, from 1/8 to 2; those of an experts-kept curve.
AskCurve capacity_curve(const std::vector<double>& factors = {0.125, 0.25, 0.375, 0.5, 0.75, 1, 1.25, 1.5, 2});
AskCurve kept_curve(int64_t num_experts, KeepBy by, uint64_t seed = 0);

// ---- answers. Axes: E experts, K classes, P patches of an image.

/// Of one MoE layer. A patch counts for its main_expert(); patches that no expert took are left out.
struct LayerAffinity {
  int64_t layer = 0, num_experts = 0, num_classes = 0;
  int64_t num_patches = 0;
  std::vector<float> share;  // (E,K) share of the class's patches that the expert has: a column sums to 1
  std::vector<int32_t> expert_order, class_order;  // clustered: an expert beside the class it has most of
  double replication = 0;           // correlation of the share tables of even and odd images (held-out half)
  double class_information = 0;     // mutual information of expert and class, nats
  double position_information = 0;  // of expert and patch position: the confound to compare with
  double class_entropy = 0;         // the most that class_information can be
};
struct Affinity {
  std::vector<LayerAffinity> layers;
};

struct TopPatch {
  int64_t image = 0, patch = 0;  // of the test split; row-major in the grid
  int32_t label = -1;
  float weight = 0;  // gate (sparse) or share of the combine weights (soft)
};
struct LayerTopPatches {
  int64_t layer = 0;
  std::vector<std::vector<TopPatch>> experts;  // (E) largest weight first
};
struct TopPatches {
  std::vector<LayerTopPatches> layers;
  int64_t patch_size = 0, grid_height = 0, grid_width = 0;
};

struct LayerCoactivation {
  int64_t layer = 0, num_experts = 0;
  std::vector<float> together;  // (E,E) [i][j] share of i's tokens that j takes part in too; 0 on the diagonal.
                                // Soft: sum over tokens of combine i * combine j over the sum of combine i
  std::vector<float> to_next;   // (E,E) [i][j] share of i's tokens whose main expert in the next MoE layer is j;
                                // empty for the last layer
};
struct Coactivation {
  std::vector<LayerCoactivation> layers;
};

struct ImageVerdict {
  int64_t image = 0;  // of the test split
  int32_t label = -1, predicted = -1;
  float probability = 0;  // of the predicted class
  float label_probability = 0;
  float distance = 0;  // of its expert use from its class's mean, see Mistakes
  float dropped = 0;   // share of its patches that no expert took, mean over layers
};
/// Expert use of an image in a layer: share of its patches an expert has. Distance: half the sum of absolute
/// differences to the mean use of the images of its class (0 the same, 1 nothing in common), mean over MoE layers.
struct Mistakes {
  int64_t num_classes = 0;
  std::vector<int64_t> confusion;     // (K,K) [label][predicted]
  std::vector<ImageVerdict> images;   // all looked at, in order
  std::vector<float> usual_distance;  // (K) mean distance of the class's images
  std::vector<float> far_distance;    // (K) 95th percentile: beyond it routing differs from the class norm
};

struct EmbeddedPatch {
  int64_t image = 0, patch = 0;
  int32_t label = -1, expert = -1;
  bool correct = false;
  float x = 0, y = 0;
};
struct Embedding {
  int64_t layer = 0;
  Projection projection = Projection::pca;
  std::vector<EmbeddedPatch> points;
  double explained_x = 0, explained_y = 0;  // pca: share of the variance
  double divergence = 0;                    // tsne: Kullback-Leibler divergence reached, nats
};

struct CurvePoint {
  double position = 0;
  int64_t num_images = 0;
  double accuracy = 0, loss = 0;
  double accuracy_error = 0;    // standard error of the estimate; 0 once every image is in
  double gflops_per_image = 0;  // as executed
  double images_per_sec = 0;    // measured
};
struct Curve {
  std::string axis;
  std::vector<CurvePoint> points;  // in the order asked
  bool exact = false;              // every image of the split is in
};

struct ImageCurvePoint {
  double position = 0;
  int64_t predicted = -1;
  double probability = 0;        // of the class that the model predicts as it is
  double label_probability = 0;  // of the true class; 0 when that is unknown
  double gflops = 0;             // as executed
};
struct ImageCurve {
  std::string axis;
  std::string image;
  std::vector<ImageCurvePoint> points;  // in the order asked
};

struct LayerPurity {
  int64_t layer = 0, num_patches = 0;
  double purity = 0, chance = 0;  // see compute/eval/routing_purity.h
  double mutual_information = 0, label_entropy = 0;
};
struct Purity {
  std::vector<LayerPurity> layers;
};

using Answer = std::variant<std::monostate, Affinity, TopPatches, Coactivation, Mistakes, Embedding, Curve, Purity,
                            ImageCurve, Parity>;

enum class ReportState : uint8_t { waiting, working, done, cancelled, refused };

/// Posted when it is begun, now and then on the way (with what there is so far), and at its end.
struct Report {
  ReportRequest request;
  ReportState state = ReportState::waiting;
  double progress = 0;    // 0..1
  double eta_secs = -1;   // -1 unknown
  ModelLabel model;       // the weights of the beginning: all of a report is from one step
  std::string token_set;  // "test images 0 to 9999"
  Answer answer;
  std::string refusal;  // one sentence when refused
};

}  // namespace moescope
