# Trains a preset for one epoch of real images and wants a test accuracy that only learning explains.
#   cmake -DPROGRAM=moescope -DPRESET=default -DAT_LEAST=0.70 -DFOLDER=scratch -P learns.cmake
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} train --preset ${PRESET} --stop epochs=1 --store ${FOLDER}/runs.db
                OUTPUT_VARIABLE WORDS RESULT_VARIABLE STATUS)
message("${WORDS}")
file(REMOVE_RECURSE ${FOLDER})
if(NOT STATUS EQUAL 0)
  message(FATAL_ERROR "training ended with status ${STATUS}")
endif()
if(NOT WORDS MATCHES "test accuracy ([0-9.]+)")
  message(FATAL_ERROR "no test accuracy was printed")
endif()
if(CMAKE_MATCH_1 LESS ${AT_LEAST})
  message(FATAL_ERROR "test accuracy ${CMAKE_MATCH_1} after one epoch is below ${AT_LEAST}")
endif()
