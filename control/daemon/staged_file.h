// SPDX-License-Identifier: Apache-2.0
// Replaces a file as a whole or not at all, whatever happens meanwhile.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// Whether a loss of power may bring the file back that was there before, or leave none. Whoever
// says kNo does not wait for the disk, and can tell half a file from a whole one.
enum class Lasting { kYes, kNo };

// A text on the disk beside the file whose place it is to take. Without commit() it goes again.
class StagedFile {
 public:
  // Behind `path` if that is a symbolic link. Once this has succeeded, there is room for the text
  // and the folder can be written to. `mode` is for a file that is not there yet; one that is keeps
  // mode and owner, as far as our rights go.
  static Result<StagedFile> write(const std::string& path, std::string_view text, mode_t mode,
                                  Lasting lasting = Lasting::kYes);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile();

  // Once this has succeeded, the file survives a loss of power, if it is to last.
  Result<void> commit();

 private:
  StagedFile(std::string path, Lasting lasting) : path_(std::move(path)), lasting_(lasting) {}
  std::string temporary() const;
  Result<void> fill(std::string_view text, mode_t mode) const;
  std::string path_;  // empty: nothing is staged any more
  Lasting lasting_;
};

// Both at once.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode,
                          Lasting lasting = Lasting::kYes);
// A removal that survives as well; of what is not there, too.
Result<void> remove_file(const std::string& path);

}  // namespace sluice
