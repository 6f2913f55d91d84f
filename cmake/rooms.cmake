# Rooms: static libraries whose include path holds only themselves and the rooms below them.
#
# Each room gets a folder of its own in the build tree with one link to its sources; that folder is its public include
# path. A file of `widgets` can therefore write #include "compute/records/snapshot.h" but not "compute/moe/router.h":
# the arrow back is a missing file, not a matter of discipline.

# -Wno-restrict: g++ 12 sees an overlap in std::string's operator+ that is not there (GCC bug 105329).
set(MOESCOPE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-restrict -Werror)

# moescope_room(NAME FOLDER [DEPENDS room...] [LIBRARIES lib...] [PRIVATE_LIBRARIES lib...])
function(moescope_room NAME FOLDER)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  set(DOOR ${CMAKE_BINARY_DIR}/rooms/${NAME})
  get_filename_component(PARENT ${DOOR}/${FOLDER} DIRECTORY)
  file(MAKE_DIRECTORY ${PARENT})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${FOLDER} ${DOOR}/${FOLDER} SYMBOLIC)

  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${FOLDER}/*.cpp)
  if(NOT SOURCES)
    file(WRITE ${DOOR}/empty.cpp "// A room without sources yet.\n")
    set(SOURCES ${DOOR}/empty.cpp)
  endif()
  add_library(moescope_${NAME} STATIC ${SOURCES})
  target_include_directories(moescope_${NAME} PUBLIC ${DOOR})
  target_compile_options(moescope_${NAME} PRIVATE ${MOESCOPE_WARNINGS})
  foreach(DEPENDENCY ${ROOM_DEPENDS})
    target_link_libraries(moescope_${NAME} PUBLIC moescope_${DEPENDENCY})
  endforeach()
  target_link_libraries(moescope_${NAME} PUBLIC ${ROOM_LIBRARIES} PRIVATE ${ROOM_PRIVATE_LIBRARIES})

  # Kernels for one instruction set live in files named after it; only those are compiled for it, and the choice
  # between them is made at run time. They throw nothing, and so share no part of the exception machinery. -ffp-contract=off elsewhere keeps the plain references plain on every machine.
  foreach(SOURCE ${SOURCES})
    if(SOURCE MATCHES "_avx2\\.cpp$")
      set_source_files_properties(${SOURCE} PROPERTIES COMPILE_OPTIONS "-fno-exceptions;-mavx2;-mfma;-mf16c")
    elseif(SOURCE MATCHES "_avx512\\.cpp$")
      set_source_files_properties(${SOURCE} PROPERTIES COMPILE_OPTIONS
        "-fno-exceptions;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx2;-mfma;-mf16c;-mprefer-vector-width=512")
    endif()
  endforeach()
endfunction()
