"""What happened: messages, their encoding and signatures, the log and its adapters, blobs."""
