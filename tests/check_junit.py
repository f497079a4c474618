#!/usr/bin/env python3
"""Holds JUnit XML against the schema of Jenkins with a validator of another hand (PyPI: xmlschema).

    check_junit.py FOLDER     every .xml file in it

Whatever does not fit is said, and the exit code is 1. A file that must not fit is made on the spot, so that a
validator that takes everything is found out.
"""

import pathlib
import sys

import xmlschema

SCHEMA = pathlib.Path(__file__).parent / "schemas" / "junit-10.xsd"


def main():
    folder = pathlib.Path(sys.argv[1])
    schema = xmlschema.XMLSchema(SCHEMA)
    files = sorted(folder.glob("*.xml"))
    wrong = [f"{path.name}: {error}" for path in files for error in schema.iter_errors(str(path))]
    for text in wrong:
        print(text)
    if not files:
        sys.exit(f"no .xml file in {folder}")
    # Of a gate that asked nothing the file has no suite to spoil.
    suited = next(text for text in map(pathlib.Path.read_text, files) if "<testsuite " in text)
    spoilt = suited.replace("<testsuite ", '<testsuite disabled="0" ', 1)
    if not list(schema.iter_errors(spoilt)):
        sys.exit("the schema takes an attribute that it does not have")
    if wrong:
        sys.exit(1)
    print(f"{len(files)} reports fit the schema")


if __name__ == "__main__":
    main()
