// What it takes to train a model on several devices: memory of each, bytes between them, work in all.
#pragma once

#include "compute/models/cost.h"

namespace moescope {

enum class Parallel {
  data,    // each device holds the whole model and a share of the batch
  expert,  // the same, but the experts of each MoE layer are spread over the devices
};

struct PlanAsk {
  int64_t devices = 1;
  Parallel parallel = Parallel::data;
  int64_t batch_size = 128;  // of all devices
  double steps = 0;
};

/// Memory in bytes of one device, float32; traffic in bytes that one device sends in one training step.
struct ModelPlan {
  ModelCost cost;
  int64_t expert_parameters = 0;  // of `cost.parameters`, those of the experts' MLPs
  double weights = 0, gradients = 0, optimizer = 0;
  double activations = 0;      // kept for the backward pass, of the images computed at once
  int64_t images_at_once = 0;  // micro-batch, or the device's share of the batch when that is less
  // Dispatch and combine of one image, forward, all MoE layers. Soft MoE has only the einsum.
  double einsum_flops = 0;   // products of (S,E,C) weights with tokens and with slots
  double scatter_bytes = 0;  // the sparse form: kept rows read and written, both ways
  double all_to_all = 0;     // expert parallel: rows to the experts and back, and their gradients
  double all_reduce = 0;     // gradients of what every device holds, as a ring: 2 (N-1)/N of their bytes
  // Training in exaFLOPs, with 2 FLOPs a multiply-add and with 1 (how the Soft MoE paper's "Train exaFLOP" counts,
  // PAPERS.md trap 1). `einsum_macs_1` adds padding and einsum, whose backward pass computes 5/6 (no gradient flows
  // into the one-hot tensor).
  double train_exaflops = 0, train_exaflops_macs_1 = 0, einsum_exaflops_macs_1 = 0;
};

/// The model need not be allocated. Throws ConfigError when devices do not divide the experts (expert) or are more than
/// the images of a batch.
ModelPlan plan_model(const VisionTransformer& model, const PlanAsk& ask);

/// Floats that a training pass of one image keeps for its backward pass.
double activation_floats(const VisionTransformer& model);

}  // namespace moescope
