# Target `check`: format, lint and shell scripts. What has not changed is not linted again: a stamp
# for each source, older than the library or program it is part of.
find_program(SLUICE_CLANG_FORMAT NAMES clang-format-14 clang-format)
find_program(SLUICE_CLANG_TIDY NAMES clang-tidy-14 clang-tidy)
find_program(SLUICE_SHELLCHECK shellcheck)

# sluice_check(<name> <tool> COMMAND ...): a part of `check`, which fails if its tool is missing.
add_custom_target(check)
function(sluice_check name tool)
  cmake_parse_arguments(ARG "" "" "COMMAND;DEPENDS" ${ARGN})
  if(NOT tool)
    set(ARG_COMMAND "${CMAKE_COMMAND}" -E false)
    set(ARG_DEPENDS)
  endif()
  add_custom_target(${name} COMMAND ${ARG_COMMAND} DEPENDS ${ARG_DEPENDS}
                    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" COMMENT "${name}" VERBATIM)
  add_dependencies(check ${name})
endfunction()

# Sets `out` to the targets below `directory`.
function(sluice_targets_below directory out)
  get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
  get_property(children DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
  foreach(child IN LISTS children)
    sluice_targets_below("${child}" more)
    list(APPEND targets ${more})
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

# Sets `out` to a stamp for every C++ source of the libraries and programs below `directory`. A
# source waits for all that compile it, because what is generated for them must be there.
function(sluice_lint_stamps directory out)
  set(stamps)
  set(lint_sources)
  sluice_targets_below("${PROJECT_SOURCE_DIR}/${directory}" targets)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(NOT type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$")
      continue()
    endif()
    get_target_property(base ${target} SOURCE_DIR)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.cc$")
    foreach(source IN LISTS sources)
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${base}" NORMALIZE)
      cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
      list(APPEND lint_sources "${source}")
      list(APPEND "users_${source}" ${target})
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES lint_sources)
  foreach(source IN LISTS lint_sources)
    set(stamp "${PROJECT_BINARY_DIR}/lint/${source}.ok")
    add_custom_command(
      OUTPUT "${stamp}"
      COMMAND "${CMAKE_COMMAND}" "-DTIDY=${SLUICE_CLANG_TIDY}" "-DBUILD=${PROJECT_BINARY_DIR}"
              "-DSOURCE=${PROJECT_SOURCE_DIR}/${source}" "-DSTAMP=${stamp}"
              -P "${PROJECT_SOURCE_DIR}/cmake/Lint.cmake"
      DEPENDS ${users_${source}} "${PROJECT_SOURCE_DIR}/${source}"
              "${PROJECT_SOURCE_DIR}/.clang-tidy" "${PROJECT_SOURCE_DIR}/cmake/Lint.cmake"
      COMMENT "Lint ${source}"
      VERBATIM)
    list(APPEND stamps "${stamp}")
  endforeach()
  set(${out} ${stamps} PARENT_SCOPE)
endfunction()

sluice_check(check-format "${SLUICE_CLANG_FORMAT}"
  COMMAND find bench control dataplane netns tests ( -name *.cc -o -name *.h -o -name *.c )
          -exec "${SLUICE_CLANG_FORMAT}" --dry-run --Werror {} +)
sluice_check(check-shell "${SLUICE_SHELLCHECK}"
  COMMAND "${SLUICE_SHELLCHECK}" .ci/run bench/run cmake/ensure-built cmake/ensure-installed
          netns/demo
          tests/run tests/kernels/fetch tests/kernels/guest tests/kernels/init tests/kernels/run)

# The tests are left to the compiler's warnings: linting them as well takes half as long again.
sluice_lint_stamps(bench lint_bench)
sluice_lint_stamps(control lint_control)
sluice_lint_stamps(netns lint_netns)
sluice_check(check-lint "${SLUICE_CLANG_TIDY}"
  COMMAND "${CMAKE_COMMAND}" -E true DEPENDS ${lint_bench} ${lint_control} ${lint_netns})
