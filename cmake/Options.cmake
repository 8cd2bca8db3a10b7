# sluice::options: the language level and warnings every target of ours is built with.
option(SLUICE_WERROR "Warnings are errors" OFF)
option(SLUICE_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(SLUICE_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

add_library(sluice_options INTERFACE)
add_library(sluice::options ALIAS sluice_options)
target_compile_features(sluice_options INTERFACE cxx_std_20)
target_compile_definitions(sluice_options INTERFACE SLUICE_VERSION="${PROJECT_VERSION}")
target_compile_options(sluice_options INTERFACE
  -Wall -Wextra -Wshadow -Wno-missing-field-initializers
  $<$<BOOL:${SLUICE_WERROR}>:-Werror>
  -fstack-protector-strong
  $<$<CONFIG:RelWithDebInfo>:-D_GLIBCXX_ASSERTIONS>)
if(SLUICE_SANITIZE)
  target_compile_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()
if(SLUICE_FUZZ)
  target_compile_options(sluice_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# sluice_library(<folder> SOURCES ... [PUBLIC ...] [PRIVATE ...]): the library of one folder,
# `sluice::<folder>`, included as "<folder>/file.h". That of `health/probe` is `sluice::health_probe`.
function(sluice_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  string(REPLACE "/" "_" name "${folder}")
  string(REGEX REPLACE "/${folder}$" "" root "${CMAKE_CURRENT_SOURCE_DIR}")
  add_library(sluice_${name} STATIC ${ARG_SOURCES})
  add_library(sluice::${name} ALIAS sluice_${name})
  target_include_directories(sluice_${name} PUBLIC "${root}")
  target_link_libraries(sluice_${name} PUBLIC ${ARG_PUBLIC} PRIVATE sluice::options ${ARG_PRIVATE})
endfunction()
