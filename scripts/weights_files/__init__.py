"""Reads weights files of other frameworks and writes safetensors; Python's standard library alone.

tensor         a tensor in a storage, checked, as float32
restricted     pickles without code: only the names that weights need
torch_file     .pth: zip, the format before it, and the tar before that
paddle_file    .pdparams, both ways
safetensors    .safetensors, both ways
onnx_file      the initialisers of an ONNX file
weights_file   any of them, by first bytes; checkpoint dicts
architectures  the tensors that each network has, and what a file's tensors look like
names          names of other projects, mapped to ours
preprocessing  mean, std, size, ... that the weights expect
convert        all of it in one call, for convert-weights and get-weights
command_line   what these two share
catalogue.tsv  what get-weights can download
"""
