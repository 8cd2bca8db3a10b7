# sluice_bpf_object(<name> <source> [CLANG <compiler>] [SUFFIX <suffix>])
#
# Compiles <source> for the kernel and makes target <name><suffix>::skel, whose users may include
# <name>.skel.h: the object is embedded there, so nothing has to be found at run time. Header
# dependencies come from the compiler, so nothing is listed by hand. With a SUFFIX the same source
# is built once more by another compiler under the same class name, so that the same C++ runs it.
find_program(SLUICE_CLANG NAMES clang-14 clang REQUIRED)
find_program(SLUICE_CLANG_NEWEST NAMES clang-19)
find_program(SLUICE_BPFTOOL bpftool REQUIRED PATHS /usr/sbin)

function(sluice_bpf_object name source)
  cmake_parse_arguments(ARG "" "CLANG;SUFFIX" "" ${ARGN})
  if(NOT ARG_CLANG)
    set(ARG_CLANG "${SLUICE_CLANG}")
  endif()
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/bpf${ARG_SUFFIX}")
  set(object "${directory}/${name}.bpf.o")
  set(skeleton "${directory}/${name}.skel.h")
  file(MAKE_DIRECTORY "${directory}")

  add_custom_command(
    OUTPUT "${object}"
    COMMAND "${ARG_CLANG}" -target bpf -mcpu=v3 -std=gnu2x -g -O2
            -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
            -I "${PROJECT_SOURCE_DIR}/dataplane"
            -idirafter "/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}"
            "-fdebug-prefix-map=${PROJECT_SOURCE_DIR}=."
            -MD -MF "${object}.d" -MT "${object}" -c "${source}" -o "${object}"
    DEPENDS "${source}"
    DEPFILE "${object}.d"
    COMMENT "BPF ${name}${ARG_SUFFIX}"
    VERBATIM)
  add_custom_command(
    OUTPUT "${skeleton}"
    COMMAND "${CMAKE_COMMAND}" "-DBPFTOOL=${SLUICE_BPFTOOL}" "-DNAME=${name}"
            "-DOBJECT=${object}" "-DSKELETON=${skeleton}"
            -P "${PROJECT_SOURCE_DIR}/cmake/GenSkeleton.cmake"
    DEPENDS "${object}" "${PROJECT_SOURCE_DIR}/cmake/GenSkeleton.cmake"
    VERBATIM)
  add_custom_target(${name}${ARG_SUFFIX}_skel_gen DEPENDS "${skeleton}")

  add_library(${name}${ARG_SUFFIX}_skel INTERFACE)
  add_library(${name}${ARG_SUFFIX}::skel ALIAS ${name}${ARG_SUFFIX}_skel)
  add_dependencies(${name}${ARG_SUFFIX}_skel ${name}${ARG_SUFFIX}_skel_gen)
  target_include_directories(${name}${ARG_SUFFIX}_skel SYSTEM INTERFACE "${directory}")
endfunction()
