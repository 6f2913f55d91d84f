// A model's weights as a safetensors file, out and in, with everything checked on the way in.
#pragma once

#include <filesystem>
#include <string>

#include "sessions/session_store.h"

namespace moescope {

/// The weights of the run's last checkpoint under their names (block3.moe.w1: the names of the golden files), float32.
/// __metadata__ holds the configuration ("config.router.k": "2"), the step and the image's shape, so that the file
/// builds its model alone. Throws UserError: no such run, no checkpoint, the file cannot be written.
void export_weights(const std::string& store, const std::string& run, const std::filesystem::path& file);

/// A new, finished run with the weights as its checkpoint and the optimiser at rest. Every parameter of the model must
/// be there once, float32, of its shape, with finite numbers, and nothing else. Throws UserError naming the file and
/// the tensor. Returns the run's id.
int64_t import_weights(const SessionStore& store, const std::filesystem::path& file, const std::string& name);

}  // namespace moescope
