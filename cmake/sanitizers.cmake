# MOESCOPE_SANITIZE=address;undefined or thread: the whole build, tests included, runs under that sanitizer.
set(MOESCOPE_SANITIZE "" CACHE STRING "sanitizers to build with, separated by semicolons")
if(MOESCOPE_SANITIZE)
  string(REPLACE ";" "," SANITIZE_FLAGS "${MOESCOPE_SANITIZE}")
  add_compile_options(-fsanitize=${SANITIZE_FLAGS} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${SANITIZE_FLAGS})
endif()
