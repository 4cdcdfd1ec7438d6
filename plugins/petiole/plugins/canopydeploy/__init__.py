"""The bundled plugin for CanopyDeploy, once Clang, now Deployteq."""
