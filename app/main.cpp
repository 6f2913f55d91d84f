// The program's entry.
#include "app/commands/cli.h"

int main(int argc, char** argv) { return moescope::run_cli(argc, argv); }
