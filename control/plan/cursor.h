// SPDX-License-Identifier: Apache-2.0
// Looks up many keys in a map, most of them in its order: what was found last is next to what is
// asked for, so there is nothing to search. There are tens of thousands of members, and every
// change looks all of them up several times.
#pragma once

namespace sluice {

template <class Map>
class Cursor {
 public:
  // `map` must outlive the cursor, and be left as it is.
  explicit Cursor(const Map& map) : map_(map), at_(map.begin()) {}

  // Null: it is not there.
  const typename Map::mapped_type* find(const typename Map::key_type& key) {
    if (!is_at(key)) at_ = map_.lower_bound(key);
    return is_at(key) ? &(at_++)->second : nullptr;
  }

 private:
  bool is_at(const typename Map::key_type& key) const {
    return at_ != map_.end() && at_->first == key;
  }
  const Map& map_;
  typename Map::const_iterator at_;
};

}  // namespace sluice
