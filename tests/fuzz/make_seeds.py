#!/usr/bin/env python3
"""make_seeds.py FOLDER: writes FOLDER/TARGET/NAME, files that fuzzers begin with: of this repository
or made here. Needs nothing but the standard library."""
import glob
import json
import os
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CSV = ['image,label\na.png,cat\nb.png,dog\n',
       '\ufefflabel,image,note\r\ncat,"a, ""b"".png",\r\n\r\ndog,c.png,"x\ny"\r\n',
       'a.png;cat\nb.png;dog\na.png;dog\n', 'image,label\n1.png,1\n2.png,01\n3.png,-2\n']
CLASS_WEIGHTS = ['cat: 1\ndog: 2.5\n', 'class,weight\ncat,1e-3\ndog,7\n', '{"dog": 1, cat: 0x1}\n']
XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="6"/><tiff:Orientation>3</tiff:Orientation>'

# As tests/fuzz/fuzz.c builds its network: torchvision's names, shapes as on the disk.
TENSORS = {'conv1.weight': [2, 3, 3, 3], 'fc.weight': [3, 4], 'fc.bias': [3],
           'layer1.0.conv1.weight': [4, 2, 3, 3], 'layer1.0.conv2.weight': [4, 4, 3, 3],
           'layer1.0.downsample.0.weight': [4, 2, 1, 1]}
NORMS = {'bn1': 2, 'layer1.0.bn1': 4, 'layer1.0.bn2': 4, 'layer1.0.downsample.1': 4}
STATE_INTEGERS = ['epoch', 'next_batch', 'images', 'correct', 'best_epoch', 'batches_bytes',
                  'results_bytes']
STATE_FLOATS = ['loss_sum', 'mean_loss_sum', 'epoch_seconds', 'lambda', 'seconds', 'best_accuracy',
                'best_balanced_accuracy', 'best_macro_f1', 'best_mean_loss', 'last_accuracy',
                'last_balanced_accuracy', 'last_macro_f1', 'last_mean_loss', 'last_train_loss']
METADATA = {'format': 'pt', 'atk_version': '0.1.0', 'classes': 'cat\ndog\ncow', 'size': '16',
        'mean': '0.5 0.5 0.5', 'std': '0.2 0.2 0.2', 'exif': 'apply', 'jpeg_scale': 'auto',
        'resize': 'crop', 'crop_fraction': '0.875', 'interpolation': 'bicubic', 'temperature': '1.5',
        'model': 'stem: [{width: 2, kernel: 3, stride: 2}]\nblock: basic\n'
                 'stages: [{blocks: 1, width: 4, stride: 2}]\nnorm: {kind: batch}\n'}


def product(numbers):
    n = 1
    for x in numbers:
        n *= x
    return n

REPORT = {
    'predictions': 'image,label,predicted,probability,a,<b>,c\n'
                   'x.png,a,<b>,0.5,0.25,0.5,0.25\n"y,1.png",c,c,1,0,0,1\n',
    'results': 'epoch,train_loss,val_accuracy,selected,selected a,selected <b>,selected c,seconds\n'
               '1,2,0.5,1,1,1,1,3\n2,1,,0.5,0.25,,1,3\n',
    'batches': 'epoch,batch,threshold\n1,1,3\n1,2,1\n2,1,\n',
    'hard': 'image,label,times_seen,times_selected,mean_loss,last_loss,last_prediction\n'
            'x.png,<b>,20,7,1.5,0.25,a\n',
    'summary': '{"status": "finished", "best_accuracy": 0.5, "data": "</script>\\u2028"}\n',
}


def safetensors(tensors, metadata, value=0.5):
    """Header and data; tensors: name -> (dtype, shape). Larger items first, as the format wants."""
    header, data = {'__metadata__': metadata}, b''
    for name, (dtype, shape) in sorted(tensors.items(), key=lambda t: (t[1][0] == 'F32', t[0])):
        n = product(shape)
        chunk = {'F32': struct.pack('<f', value), 'F64': struct.pack('<d', value),
                 'I64': struct.pack('<q', 1), 'U8': b'\xff'}[dtype] * n
        header[name] = {'dtype': dtype, 'shape': shape,
                        'data_offsets': [len(data), len(data) + len(chunk)]}
        data += chunk
    text = json.dumps(header, separators=(',', ':')).encode()
    return text + b' ' * (-len(text) % 8), data


def network():
    tensors = {name: ('F32', shape) for name, shape in TENSORS.items()}
    for norm, n in NORMS.items():
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            tensors[f'{norm}.{part}'] = ('F32', [n])
        tensors[f'{norm}.num_batches_tracked'] = ('I64', [])
    return tensors


def state():
    tensors = {name: ('I64', []) for name in STATE_INTEGERS + ['step']}
    tensors.update({name: ('F64', []) for name in STATE_FLOATS})
    tensors['m'] = ('F32', [4])
    sizes = [product(shape) for shape in TENSORS.values()] + 2 * list(NORMS.values())
    tensors['weights'] = ('F32', [sum(-(-n // 16) * 16 for n in sizes)])  # each is aligned
    for norm, n in NORMS.items():
        tensors[f'buffer.{norm}.running_mean'] = ('F32', [n])
        tensors[f'buffer.{norm}.running_var'] = ('F32', [n])
        tensors[f'counter.{norm}.num_batches_tracked'] = ('I64', [])
    return tensors


def exif(order, orientation):
    i = '>' if order == b'MM' else '<'
    entry = struct.pack(i + 'HHIHH', 0x0112, 3, 1, orientation, 0)
    return order + struct.pack(i + 'HIH', 42, 8, 1) + entry + struct.pack(i + 'I', 0)


def seeds():
    for i, text in enumerate(CSV):
        yield 'csv', f'{i}', text.encode()
    for i, text in enumerate(CLASS_WEIGHTS):
        yield 'class_weights', f'{i}', text.encode()
    for name, text in REPORT.items():
        yield 'report', name, text.encode()
    thumbnails = {'key': ('I64', [1]), 'end': ('I64', [1]), 'aspect': ('F32', [1]), 'jpeg': ('U8', [1])}
    yield 'report', 'thumbnails', b'\0'.join(safetensors(thumbnails, {}))
    yield 'path_list', 'lines', b'\xef\xbb\xbfa.png\r\n\nb c.png\n'
    yield 'path_list', 'zeros', b'a\nb\0c\0'
    small, data = safetensors({'a': ('F32', [2, 3]), 'b': ('I64', [])}, {'format': 'pt'})
    yield 'safetensors', 'small', struct.pack('<Q', len(small)) + small + data
    for name, tensors, metadata in (('weights', network(), METADATA),
                                    ('state', state(), {'seed': '7', 'kernels': 'v3'})):
        header, data = safetensors(tensors, metadata)
        yield name, 'whole', header + b'\0' + data
    tiff = exif(b'MM', 6)
    yield 'exif', 'big', tiff
    yield 'exif', 'jpeg', b'Exif\0\0' + exif(b'II', 3)
    yield 'exif', 'raw', b'\nexif\n%8d\n' % len(tiff) + tiff.hex().encode() + b'\n'
    yield 'exif', 'xmp', XMP.encode()
    for target, pattern in (('settings', 'configs/*.yaml'), ('model', 'models/*.yaml'),
                            ('jpeg', 'tests/golden/image/*.jpg'),
                            ('png', 'tests/golden/image/*.png'),
                            ('webp', 'tests/golden/image_kinds/*.webp'),
                            ('gif', 'tests/golden/image_kinds/*.gif'),
                            ('tiff', 'tests/golden/image_kinds/*.tif'),
                            ('bmp', 'tests/golden/image_kinds/*.bmp')):
        for path in glob.glob(f'{ROOT}/{pattern}'):
            with open(path, 'rb') as f:
                content = f.read()
            if len(content) < 6000:
                yield target, os.path.basename(path), content


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, name, content in seeds():
        os.makedirs(f'{sys.argv[1]}/{target}', exist_ok=True)
        with open(f'{sys.argv[1]}/{target}/{name}', 'wb') as f:
            f.write(content)


main()
