# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""The import of an overhead depth recording: one written here, small enough to compute by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yokotago_bringup.console import CommandError
from yokotago_bringup.import_depth import read_depth
from yokotago_model.events import SECOND, DepthImage, TrackFrame

FLOOR_MM, HEAD_MM = 3371, 1671


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three frames; in the second one a head 1.7 m above the floor is 73 pixels right of the optical axis."""
    (tmp_path / "depth").mkdir()
    for number in (7, 8, 9):
        millimetres = np.full((424, 512), FLOOR_MM, dtype=np.float64)
        if number == 8:
            millimetres[200:225, 316:342] = HEAD_MM
        raw = np.round(millimetres * 65535 / 4500).astype(np.uint16)
        Image.fromarray(raw).save(tmp_path / "depth" / f"image{number:04}.png")
    (tmp_path / "heads.csv").write_text("frame,u_px,v_px\n8,329.0,212.0\n")
    return tmp_path


def test_images_are_millimetres_at_thirty_hertz(folder: Path) -> None:
    images = [r.event for r in read_depth(folder, SECOND) if isinstance(r.event, DepthImage)]
    assert [i.stamp for i in images] == [SECOND, SECOND + 33_333_333, SECOND + 66_666_667]
    assert images[0].depth.dtype == np.uint16
    assert (images[0].depth == FLOOR_MM).all()
    assert images[1].depth[212, 329] == HEAD_MM


def test_a_head_stands_where_its_pixel_looks(folder: Path) -> None:
    (frame,) = [r.event for r in read_depth(folder, 0) if isinstance(r.event, TrackFrame)]
    assert frame.stamp == 33_333_333
    (head,) = frame.tracks
    # 73 px / 365 px x 1.671 m to the right of the axis at 2.5 m; the height is what is left of 3.371 m.
    assert head.position[0] == pytest.approx(2.5 + 0.2 * 1.671)
    assert head.position[1] == pytest.approx(2.1)
    assert head.height == pytest.approx(1.7)


def test_a_folder_without_images_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="has no images"):
        list(read_depth(tmp_path, 0))


def test_an_image_of_another_size_is_told(folder: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(folder / "depth" / "image0010.png")
    with pytest.raises(CommandError, match="4 x 4"):
        list(read_depth(folder, 0))
