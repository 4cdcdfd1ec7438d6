"""Run the twin: `python -m petiole.plugins.canopydeploy.sandbox --port 0`."""

import argparse

from petiole.plugins.canopydeploy.sandbox.service import serve


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m petiole.plugins.canopydeploy.sandbox",
        description="Run a twin of the CanopyDeploy platform; it prints its URLs when ready.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 picks a free one")
    parser.add_argument("--token", help="the platform's token; a random one by default")
    arguments = parser.parse_args()
    try:
        serve(host=arguments.host, port=arguments.port, token=arguments.token)
    except OSError as problem:
        place = f"{arguments.host}:{arguments.port}"
        parser.exit(1, f"cannot listen on {place}: {problem.strerror}; try --port 0\n")


if __name__ == "__main__":
    main()
