// One row; the run table's summary is about what the run itself recorded and stays.
#include "sessions/run_evaluations.h"

namespace moescope {

void add_evaluation(const Database& database, int64_t run_id, const Evaluated& e) {
  Statement(database, kInsertEvaluation)
      .run(run_id, e.step, e.wall_secs, std::string_view(e.split), e.num_images, e.accuracy, e.loss,
           std::string_view(e.setting));
}

}  // namespace moescope
