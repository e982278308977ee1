"""Reports in NCMEC's formats: the XML of its CyberTipline reporting API as platforms send it, and the JSON that police receive.

elements.py, parts.py      pure: a tree of names and texts, and the parts that both of its documents share
xml_report.py              pure: report and fileDetails as a submission (api/submission.py)
received.py                pure: the JSON that police receive as a submission
answers.py                 pure: the response XML and its codes
tips.py                    an opened report from submit to its end; its clock
doors.py                   the endpoints
"""
