# Runs nvcc and keeps what ptxas says; an error is shown.
execute_process(COMMAND ${COMMAND} RESULT_VARIABLE STATUS OUTPUT_VARIABLE OUTPUT ERROR_VARIABLE ERRORS)
if(NOT STATUS EQUAL 0)
  file(REMOVE ${OBJECT})
  message(FATAL_ERROR "${OUTPUT}${ERRORS}")
endif()
file(WRITE ${REPORT} "${OUTPUT}${ERRORS}")
