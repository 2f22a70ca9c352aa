"""``python -m footfall.cli``: the command line without the installed script."""

from footfall.cli.app import main

if __name__ == "__main__":
    main()
