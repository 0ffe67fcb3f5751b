// An Output as Arrow's writers take one. Internal to the module.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "earthcatalog/answer/writer.h"
#include "earthcatalog/storage/output_stream.h"

namespace earthcatalog::answer {

/// Drops what nobody takes any more.
class OutputStream final : public storage::StoreOutput {
 public:
  explicit OutputStream(Output output) : output_(std::move(output)) {}
  ~OutputStream() override { abandon(); }
  bool wanted() const { return wanted_; }

 private:
  Status append(std::string_view bytes) override {
    if (!wanted_) return {};
    EC_ASSIGN_OR_RETURN(wanted_, output_(bytes));
    return {};
  }
  Status finish() override { return {}; }
  void discard() override {}

  const Output output_;
  bool wanted_ = true;
};

}  // namespace earthcatalog::answer
