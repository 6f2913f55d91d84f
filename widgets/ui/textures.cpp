// Keys of textures.
#include "widgets/ui/textures.h"

namespace moescope::ui {

uint64_t texture_key(std::initializer_list<uint64_t> parts) {
  uint64_t key = 0x9E3779B97F4A7C15u;  // splitmix64 over the parts
  for (const uint64_t part : parts) {
    key += part + 0x9E3779B97F4A7C15u;
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
    key ^= key >> 31;
  }
  return key;
}

}  // namespace moescope::ui
