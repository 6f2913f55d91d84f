// OpenGL 3.3 core entry points, as the system's GL library exports them. Only widgets/gl and window include this.
#pragma once

#ifndef GL_GLEXT_PROTOTYPES
#define GL_GLEXT_PROTOTYPES 1
#endif
#include <GL/glcorearb.h>
