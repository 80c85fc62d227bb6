#include "FakeLibrary.h"

#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace tenon::tests {
namespace {

class Fork : public FakeModel {
protected:
  void SetUp() override { openModel(); }

  static tenon_status useSession(tenon_session *session) {
    float x[64] = {1}, y[64] = {};
    tenon_tensor input = tensor("x", TENON_F32, {64, 1}, x, sizeof x);
    tenon_tensor output = tensor("y", TENON_F32, {}, y, sizeof y);
    tenon_status status = tenon_session_call(session, "double", &input, 1, &output, 1);
    return status == TENON_OK && y[0] != 2.0f ? TENON_ERROR_INTERNAL : status;
  }

  /// Runs the body in a child and checks that it returned true there.
  template <typename Body> static void inChild(Body body) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      _exit(body() ? 0 : 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }
};

TEST_F(Fork, BeforeFirstUseWorks) {
  inChild([&] { return useSession(session) == TENON_OK && tenon_session_destroy(session) == TENON_OK; });
  EXPECT_EQ(useSession(session), TENON_OK);
}

TEST_F(Fork, AfterUseIsRefusedClearly) {
  ASSERT_EQ(useSession(session), TENON_OK);
  inChild([&] {
    return useSession(session) == TENON_ERROR_FORKED && std::strstr(tenon_message(), "create a session after the fork");
  });
  EXPECT_EQ(useSession(session), TENON_OK);
}

TEST_F(Fork, UsedSessionCanBeDestroyedInTheChild) {
  ASSERT_EQ(useSession(session), TENON_OK);
  inChild([&] { return tenon_session_destroy(session) == TENON_OK; });
}

TEST_F(Fork, ChildMakesASessionOfItsOwn) {
  ASSERT_EQ(useSession(session), TENON_OK);
  inChild([&] {
    tenon_session *own = nullptr;
    tenon_session_options options{sizeof options, 2, 0};
    return tenon_session_create(model, &options, &own) == TENON_OK && useSession(own) == TENON_OK &&
           tenon_session_destroy(own) == TENON_OK;
  });
}

} // namespace
} // namespace tenon::tests
