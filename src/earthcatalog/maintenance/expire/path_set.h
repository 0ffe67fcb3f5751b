// A set of very many names, at 8 bytes each: only hashes of them are kept.
//
//   PathSet set;
//   set.add(...); ... set.seal();
//   set.mark(name)      // is it in the set? and remembers that it was asked for
//   set.unmarked()      // how many were not
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace earthcatalog::maintenance {

/// Two names that share a hash (among 50 million names, one pair in 15,000 tables) make a name that was not added look
/// like one that was, never the other way round: what the set does not hold was not added.
class PathSet {
 public:
  /// A name may be added any number of times. Memory is 8 bytes for each, 16 while there are many repeated ones.
  void add(std::string_view name);
  /// Ends adding; the members below need it. May be followed by more add() and another seal(), which forgets marks.
  void seal();

  bool contains(std::string_view name) const;
  /// contains(), and from now on the name counts as marked.
  bool mark(std::string_view name);
  bool marked(std::string_view name) const;
  std::size_t size() const { return hashes_.size(); }
  std::size_t unmarked() const { return hashes_.size() - marks_set_; }

 private:
  std::ptrdiff_t find(std::string_view name) const;
  void drop_repeated();

  std::vector<std::uint64_t> hashes_;
  std::vector<bool> marks_;
  std::size_t marks_set_ = 0;
  std::size_t distinct_ = 0;  // at the last drop_repeated()
};

}  // namespace earthcatalog::maintenance
