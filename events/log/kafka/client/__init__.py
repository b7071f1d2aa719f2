"""The client of Kafka, as this log uses it. Nothing outside this package knows kafka-python.

kafka-python's defaults lose or repeat records, create topics by mistake, or wait for ever; what is set here, and where
its own methods are replaced, says against which of them.
"""
