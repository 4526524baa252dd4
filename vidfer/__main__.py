"""``python -m vidfer``, for launchers of several processes: ``accelerate launch -m vidfer cache ...``."""

from vidfer.commands.main import main

if __name__ == "__main__":
    main()
