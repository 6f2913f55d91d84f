// Flags for a model that trains in a blink: a Soft MoE of width 16 on 64 images, epochs of four steps.
#pragma once

#include <string>
#include <vector>

namespace moescope {

inline std::vector<std::string> tiny_training(const std::string& command, const std::string& store) {
  std::vector<std::string> arguments{command, "--store", store};
  for (const char* setting :
       {"model.width=16", "model.depth=2", "model.heads=2", "model.mlp=16", "model.moe_blocks=1",
        "router.num_experts=4", "data.train_limit=64", "data.test_limit=32", "train.batch_size=16",
        "train.micro_batch=16", "train.warmup_steps=1", "train.schedule_steps=8", "compute.threads=1"}) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  return arguments;
}

}  // namespace moescope
