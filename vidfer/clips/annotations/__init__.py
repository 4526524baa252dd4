"""Files of annotation programs: ELAN, Praat and Label Studio, read and written."""
