//===- Handle.h - What the C interface's pointers point to ------*- C++ -*-===//
//
// A handle is a small block that never goes back to the system, so that a call on a freed one finds that out instead of
// reading freed memory. Freed blocks are used again, oldest first, once many are waiting.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_HANDLE_H
#define TENON_RUNTIME_HANDLE_H

#include "Failure.h"
#include "Model.h"
#include "Session.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace tenon::runtime {

constexpr uint64_t modelMagic = 0x6c65646f6d6e6e74;   // "tnnmodel"
constexpr uint64_t sessionMagic = 0x6e6f69737365736e; // "nsession"

} // namespace tenon::runtime

struct tenon_model {
  uint64_t magic = tenon::runtime::modelMagic;
  /// References, and one for each call that is under way; 0 once it is freed.
  std::atomic<uint64_t> references{0};
  std::shared_ptr<const tenon::runtime::Model> object;
  tenon_model *nextFreed = nullptr;
};

struct tenon_session {
  enum State : uint32_t { Freed, Idle, Busy };
  uint64_t magic = tenon::runtime::sessionMagic;
  std::atomic<uint32_t> state{Freed};
  /// Set from any thread to end the generation that the session is in.
  std::atomic<bool> cancelled{false};
  std::unique_ptr<tenon::runtime::Session> object;
  tenon_session *nextFreed = nullptr;
};

namespace tenon::runtime {

tenon_model *newHandle(std::shared_ptr<const Model> model);
tenon_session *newHandle(std::unique_ptr<Session> session);

/// Holds a model while a call looks at it. Fails on a null, freed or foreign handle.
class ModelUse {
public:
  explicit ModelUse(tenon_model *handle);
  ~ModelUse();
  ModelUse(const ModelUse &) = delete;
  ModelUse &operator=(const ModelUse &) = delete;
  const Model &operator*() const { return *handle->object; }
  const Model *operator->() const { return handle->object.get(); }
  std::shared_ptr<const Model> share() const { return handle->object; }

private:
  tenon_model *handle;
};

/// Adds a reference, or takes one away, and with the last the model.
void retain(tenon_model *handle);
void release(tenon_model *handle);

/// Cancels what the session is doing. Only looks at the handle, for signal handlers.
void cancel(tenon_session *handle);

/// Holds a session for one call. Fails also if it is in another.
class SessionUse {
public:
  explicit SessionUse(tenon_session *handle);
  ~SessionUse();
  SessionUse(const SessionUse &) = delete;
  SessionUse &operator=(const SessionUse &) = delete;
  Session &operator*() const { return *handle->object; }
  Session *operator->() const { return handle->object.get(); }
  /// What tenon_cancel sets; false from the start of each use.
  const std::atomic<bool> &cancelled() const { return handle->cancelled; }
  /// Frees the session when this use ends.
  void destroy() { freeAtEnd = true; }

private:
  tenon_session *handle;
  bool freeAtEnd = false;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_HANDLE_H
