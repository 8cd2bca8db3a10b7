# Lints SOURCE and touches STAMP; says nothing unless something was found.
execute_process(COMMAND "${TIDY}" -p "${BUILD}" --quiet "${SOURCE}"
                OUTPUT_VARIABLE findings ERROR_VARIABLE findings RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message("${findings}")  # as it is: an error would be wrapped
  message(FATAL_ERROR "${SOURCE} has findings")
endif()
file(TOUCH "${STAMP}")
