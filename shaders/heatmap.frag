// Colours one value a texel: `range` is mapped to the ends of the colour map, what lies beyond takes the end's colour,
// and a value that is not a number stays transparent.
#version 330 core
in vec2 place;
out vec4 color;
uniform sampler2D values;
uniform sampler2D colors;
uniform vec2 range;

void main() {
  float value = texture(values, place).r;
  float share = clamp((value - range.x) / (range.y - range.x), 0.0, 1.0);
  color = isnan(value) ? vec4(0.0) : vec4(texture(colors, vec2((share * 255.0 + 0.5) / 256.0, 0.5)).rgb, 1.0);
}
