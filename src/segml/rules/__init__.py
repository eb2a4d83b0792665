"""LANGUAGE: rules as marketers and data scientists write them. Pure; asks no data anything."""
