"""Encoders: a batch at once and one event at a time give the same numbers."""

import pytest
import torch
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.models import options
from footfall.models.encoders import ENCODERS, encoder_named

WIDTH = 8


def made(name, *, context=6, seed=0, layers=2):
    torch.manual_seed(seed)
    encoder = encoder_named(name)(width=WIDTH, layers=layers, heads=2, dropout=0.3, context=context)
    with torch.no_grad():  # what starts at 0 would hide mistakes
        for weight in encoder.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    return encoder.eval()


def stepped(encoder, tokens, times):
    state, given = encoder.start(len(tokens)), []
    for place in range(tokens.shape[1]):
        time = None if times is None else times[:, place]
        hidden, state = encoder.step(state, tokens[:, place], time)
        given.append(hidden)
    return torch.stack(given, 1)


def test_options_know_the_encoders_that_there_are():
    assert sorted(options.ENCODERS) == sorted(ENCODERS)


@pytest.mark.parametrize("name", ENCODERS)
@given(
    users=st.integers(1, 3),
    length=st.integers(1, 15),
    timed=st.booleans(),
    layers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_step_by_step_is_the_same_as_all_at_once(name, users, length, timed, layers, seed):
    encoder = made(name, seed=seed, layers=layers)  # a context of 6: longer histories leave it
    tokens = torch.randn(users, length, WIDTH)
    times = torch.rand(users, length).double().cumsum(1) * 1e6 if timed else None
    with torch.no_grad():
        assert torch.allclose(
            encoder(tokens, times), stepped(encoder, tokens, times), atol=1e-5, rtol=1e-4
        )


@pytest.mark.parametrize("name", ENCODERS)
def test_no_state_sees_a_later_token(name):
    encoder, tokens = made(name), torch.randn(1, 5, WIDTH)
    other = tokens.clone()
    other[:, 3:] = 0
    with torch.no_grad():
        before, after = encoder(tokens), encoder(other)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:], atol=1e-3)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_state_depends_on_the_past_and_not_on_what_is_filled_up(name):
    encoder, tokens = made(name), torch.randn(1, 3, WIDTH)
    longer = torch.cat([tokens, torch.randn(1, 4, WIDTH)], 1)
    with torch.no_grad():
        assert torch.allclose(encoder(tokens), encoder(longer)[:, :3], atol=1e-6)
        other = tokens.clone()
        other[:, 0] *= -1
        assert not torch.allclose(encoder(tokens)[:, 2], encoder(other)[:, 2], atol=1e-4)


@pytest.mark.parametrize("name", ["transformer", "ligr", "hstu"])
def test_attention_looks_no_further_back_than_its_context(name):
    encoder = made(name, context=2, layers=1)
    tokens = torch.randn(1, 4, WIDTH)
    other = tokens.clone()
    other[:, 1] *= -1  # two before the last
    with torch.no_grad():
        assert torch.allclose(encoder(tokens)[:, 3], encoder(other)[:, 3], atol=1e-6)


def test_hstu_sees_the_time_between_events():
    encoder, tokens = made("hstu"), torch.randn(1, 3, WIDTH)
    near, far = torch.tensor([[0.0, 1, 2]]), torch.tensor([[0.0, 1, 1e6]])
    with torch.no_grad():
        assert not torch.allclose(
            encoder(tokens, near)[:, 2], encoder(tokens, far)[:, 2], atol=1e-4
        )


def test_an_unknown_encoder_is_named_in_the_error():
    with pytest.raises(OptionError, match="transformer"):
        encoder_named("mamba")


@pytest.mark.parametrize("name", ENCODERS)
@given(
    users=st.integers(1, 4),
    length=st.integers(1, 9),
    layers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_one_state_of_each_user_is_the_one_that_all_at_once_gives(
    name, users, length, layers, seed
):
    encoder = made(name, seed=seed, layers=layers)
    tokens = torch.randn(users, length, WIDTH)
    times = torch.rand(users, length).double().cumsum(1) * 1e6
    places = torch.randint(length, (users,))
    with torch.no_grad():
        expected = encoder(tokens, times)[torch.arange(users), places]
        assert torch.allclose(encoder.last(tokens, places, times), expected, atol=1e-5, rtol=1e-4)
