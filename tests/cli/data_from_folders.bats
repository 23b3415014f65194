#!/usr/bin/env bats
# atk-data from-folders: what it lists, how it quotes, where its paths begin; and atk-train reads what
# it writes.

load helpers

setup() {
    train_setup
    make_small_model
    base64 -d <<<"$image_0" >p.png
}

from-folders() { "$build/atk-data" from-folders "$@"; }

put() { # FILE...: the image, in folders as needed
    local file
    for file; do
        mkdir -p "$(dirname -- "$file")"
        cp -- p.png "$file"
    done
}

@test "from-folders: a row for each image, sorted by bytes, with its folder as label" {
    put photos/dog/b.JPG photos/dog/a.png photos/cat/deep/er/c.jpeg photos/Zebra/z.Png
    run --separate-stderr from-folders photos
    expect_status 0
    [ "$output" = "$(printf '%s\n' image,label photos/Zebra/z.Png,Zebra \
        photos/cat/deep/er/c.jpeg,cat photos/dog/a.png,dog photos/dog/b.JPG,dog)" ]
    [ "$stderr" = 'atk-data from-folders: photos: 4 images of 3 classes' ]
    [ "$(LC_ALL=en_US.UTF-8 from-folders photos/ 2>/dev/null)" = "$output" ]
    [ "$(CDPATH=. from-folders ./photos 2>/dev/null | sed 's|^\./||')" = "$output" ]
}

@test "from-folders: hostile names arrive whole, and atk-train trains on them" {
    put 'ph,o/a "b", c/1 ,.png' 'ph,o/a "b", c/"2".png' 'ph,o/Größe/ü ö.jpg' 'ph,o/Größe/$(x)`y`.png' \
        'ph,o/-n/--.png' 'ph,o/-n/\n\\1.png' 'ph,o/'$'t\tb/\t.png' 'ph,o/'$'t\tb/\r.png' \
        "ph,o/it's/ .png" "ph,o/it's/*?[a].png" 'ph,o/x\y/%s%n.png' 'ph,o/x\y/&.png'
    from-folders ph,o >photos.csv
    [ "$(wc -l <photos.csv)" -eq 13 ]
    grep -qxF '"ph,o/a ""b"", c/""2"".png","a ""b"", c"' photos.csv
    grep -qxF '"ph,o/-n/\n\\1.png",-n' photos.csv
    run atk-train "${small[@]}" photos.csv --out run --val-split 0.5
    expect_status 0
    expect '12 images, 6 classes'
    [ "$(sort run/classes.txt)" = "$(cd ph,o && printf '%s\n' * | sort)" ]
}

@test "from-folders: what is no image of a class is left out and counted" {
    put photos/a/1.png photos/.hidden/2.png photos/a/.3.png photos/4.png photos/a/.git/5.png
    mkdir photos/none
    touch photos/a/notes.txt photos/a/png
    run from-folders photos
    expect_status 0
    expect '1 images of 1 classes; 2 not named .jpg, .jpeg, .jpe, .jfif, .png, .webp, .gif, .tif, .tiff or .bmp left out (the first: a/notes.txt)'
    expect '1 beside the folders of classes left out (the first: 4.png)'
    expect '1 folder without an image left out (the first: none)'
    [ "$(from-folders photos 2>/dev/null)" = "$(printf 'image,label\nphotos/a/1.png,a')" ]
}

@test "from-folders: links are followed, to files and to folders; others are refused" {
    put store/1.png photos/a/2.png
    ln -s ../store photos/b
    ln -s ../../store/1.png photos/a/link.png
    [ "$(from-folders photos 2>/dev/null)" = "$(printf '%s\n' image,label photos/a/2.png,a \
        photos/a/link.png,a photos/b/1.png,b)" ]
    ln -s nowhere photos/a/broken.png
    run from-folders photos
    expect_status 1
    expect 'photos: ./a/broken.png is a symbolic link to nothing'
    rm photos/a/broken.png
    ln -s .. photos/a/loop
    run from-folders photos
    expect_status 0
    expect '1 links to folders above them left out (the first: a/loop)'
    expect 'photos: 3 images of 2 classes'
}

@test "from-folders: a name with a newline is refused" {
    put photos/a/1.png $'photos/b\nc/2.png'
    run --separate-stderr from-folders photos
    expect_status 1
    [ -z "$output" ]
    [ "$stderr" = 'atk-data from-folders: photos: a name with a newline cannot be put into a CSV: ./b?c' ]
    rm -r $'photos/b\nc'
    touch $'photos/a/2\n.png'
    run from-folders photos
    expect_status 1
}

@test "from-folders: paths fit the folder where the CSV will be" {
    put 'd/photos/a/1.png' 'd/photos/b/1.png'
    mkdir -p e/f
    check() { # csv
        run atk-train "${small[@]}" --dry-run "$1"
        expect_status 0
    }
    from-folders d/photos >here.csv
    check here.csv
    from-folders --relative-to e/f d/photos >e/f/p.csv
    grep -qxF ../../d/photos/a/1.png,a e/f/p.csv
    check e/f/p.csv
    from-folders --out e/q d/photos
    grep -qxF ../d/photos/a/1.png,a e/q.csv
    check e/q.csv
    (cd d/photos && from-folders --relative-to=.. . >../r.csv)
    grep -qxF photos/a/1.png,a d/r.csv
    check d/r.csv
    (cd d/photos && from-folders . >s.csv)
    grep -qxF a/1.png,a d/photos/s.csv
    from-folders "$PWD/d/photos" >e/t.csv
    check e/t.csv
    (cd d && from-folders --out=u.csv photos && grep -qxF photos/b/1.png,b u.csv)
}

@test "from-folders: train, val and test are splits, a table for each" {
    put set/train/a/{1,2,3}.png set/train/b/{1,2,3}.png set/val/a/4.png set/val/b/4.png set/test/b/5.png
    run from-folders set
    expect_status 2
    expect 'set holds splits (test train val): --out PREFIX'
    run from-folders --out set set
    expect_status 0
    [ "$(echo set*)" = 'set set_test.csv set_train.csv set_val.csv' ]
    grep -qxF set/val/a/4.png,a set_val.csv
    [ "$(from-folders set/train 2>/dev/null)" = "$(<set_train.csv)" ]
    run atk-train "${small[@]}" set_train.csv --val set_val.csv --out run
    expect_status 0
    expect '6 to train, 2 of set_val.csv to validate'
    cp set_val.csv before
    rm set_test.csv
    run from-folders --out set set
    expect_status 1
    expect 'set_train.csv exists already'
    cmp before set_val.csv
    [ ! -e set_test.csv ]
}

@test "from-folders: a class may be called train" {
    put set/train/1.png set/bus/2.png
    [ "$(from-folders set 2>/dev/null | tail -n 1)" = set/train/1.png,train ]
    rm -r set/bus
    put set/val/3.png # images, not folders, in train: classes again
    [ "$(from-folders set 2>/dev/null | wc -l)" -eq 3 ]
}

@test "from-folders: mistakes are named, with exit status 1 or 2" {
    mkdir empty
    refuses() { # status text ARGUMENT...
        local code=$1 text=$2
        shift 2
        run --separate-stderr from-folders "$@"
        [ "$status" -eq "$code" ]
        [ -z "$output" ]
        [[ $stderr = *"$text"* ]]
    }
    refuses 2 'no folder given'
    refuses 2 'unknown option "--size"' --size empty
    refuses 2 '--out needs a value' empty --out
    refuses 2 '"b" is a second one' empty b
    refuses 1 'missing is not a folder' missing
    refuses 1 'p.png is not a folder' p.png
    refuses 1 '--relative-to: missing is not a folder' --relative-to missing empty
    refuses 1 '--out: missing is not a folder' --out missing/x empty
    refuses 1 'no image was found' empty
    put photos/a/1.png
    if [ "$(id -u)" -ne 0 ]; then
        chmod 0 photos/a
        refuses 1 'not everything could be read' photos
        chmod 755 photos/a
    fi
    run bash -c "'$build/atk-data' from-folders photos >/dev/full"
    expect_status 1
}
