#include "lock.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/options/run_id.h"
#include "work.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

// Of a lock that protects no catalog: nothing refuses a holder that was thought dead and wakes up.
class NullFence final : public catalog::Fence {
 public:
  Result<std::optional<std::string>> read() override { return std::nullopt; }
  Result<bool> exists() override { return false; }
  Result<bool> exchange(const std::optional<std::string>&, const std::string&) override { return true; }
};

// In the order in which they go, from the last: a lock uses what stands before it.
struct Held {
  explicit Held(storage::StorageSettings settings) : stores(std::move(settings)) {}
  storage::Stores stores;
  NullFence fence;
  std::shared_ptr<catalog::Lock> lock{};
};

Result<catalog::CatalogOptions> parse_spec(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(ErrorKind::kInvalidArgument, "the lock's spec is no JSON object");
  catalog::CatalogOptions options;
  options.catalog = json.value("catalog", "");
  options.lock_uri = json.value("lock", "");
  options.lock_owner = json.value("owner", options.lock_owner);
  options.run_id = json.value("run_id", cli::make_run_id());
  options.host = catalog::this_host();
  return options;
}

Status take(Held& held, const catalog::CatalogOptions& options, double ttl_hours) {
  if (!options.catalog.empty()) {
    EC_ASSIGN_OR_RETURN(held.lock, take_lock(held.stores, options));
    return {};
  }
  EC_ASSIGN_OR_RETURN(auto where, held.stores.locate(options.lock_uri));
  catalog::LockOptions lock{.catalog = where.uri(),
                            .owner = options.lock_owner,
                            .run_id = options.run_id,
                            .host = options.host,
                            .ttl_hours = ttl_hours,
                            .make_token = {}};
  EC_ASSIGN_OR_RETURN(held.lock, catalog::Lock::acquire(std::move(where), held.fence, std::move(lock)));
  return {};
}

Result<std::shared_ptr<catalog::Lock>> hold(const std::string& spec, const std::string& storage) {
  EC_ASSIGN_OR_RETURN(auto options, parse_spec(spec));
  EC_ASSIGN_OR_RETURN(auto settings, cli::call_storage(storage));
  auto held = std::make_shared<Held>(std::move(settings));
  EC_TRY(take(*held, options, nlohmann::json::parse(spec).value("ttl_hours", catalog::LockOptions().ttl_hours)));
  auto* const lock = held->lock.get();
  return std::shared_ptr<catalog::Lock>(std::move(held), lock);
}

}  // namespace

std::shared_ptr<LockHandle> LockHandle::acquire(const std::string& spec, const std::string& storage) {
  auto handle = std::make_shared<LockHandle>();
  handle->lock_ = finished([&] { return hold(spec, storage); });
  return handle;
}

void LockHandle::release() {
  finished([&] { return lock_->release(); });
}

std::string LockHandle::record() const { return lock_->record().to_json(); }

void add_lock(nb::module_& module) {
  nb::class_<LockHandle>(module, "Lock", "A lock that this process holds, with heartbeats on a thread of its own.")
      .def_static("acquire", &LockHandle::acquire, "spec"_a, "storage"_a = "{}",
                  "JSON: catalog (its fenced lock), or lock alone (a URI, without fence); owner, ttl_hours, run_id. "
                  "CatalogLocked while another holds it.")
      .def("release", &LockHandle::release, "Removes the lock, if it still is ours.")
      .def("record", &LockHandle::record, "What the lock object holds, as JSON.");
}

}  // namespace earthcatalog::python
