# MOESCOPE_SANITIZE=address;undefined or thread: the whole build, tests included, runs under that sanitizer.
# -O1 and no checks for null (the address sanitizer reports those itself) and for alignment (x86 reads floats anywhere):
# together they made the build five times as long as the release's.
set(MOESCOPE_SANITIZE "" CACHE STRING "sanitizers to build with, separated by semicolons")
if(MOESCOPE_SANITIZE)
  string(REPLACE ";" "," SANITIZE_FLAGS "${MOESCOPE_SANITIZE}")
  add_compile_options(-fsanitize=${SANITIZE_FLAGS} -fno-sanitize=null,alignment
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SANITIZE_FLAGS})
endif()
