using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// The states of a fixed size of one sequence. Each state has one committed place, the state after the last committed
/// token, and for the tail a place after each token behind which the sequence may be cut; all are places of one memory
/// [places, floats of all states]. Tokens that only stay together with later ones share the place of the last of them. A
/// commit names another place the committed one: nothing is copied. Places are made before a pass and only grow.
/// </summary>
internal sealed class FixedStates : IDisposable
{
    private readonly KvMemory _memory;
    private readonly KvCacheShape _shape;
    private readonly long[] _offsets;

    // Floats from one place to the next.
    private readonly long _stride;
    private readonly int[] _committed;
    private NativeBuffer<float> _floats = new(0);
    private int _room;

    // The place after each token of the tail, [states, room].
    private int[] _places = [];

    // Whether the sequence may be cut behind a token of the tail, [room].
    private bool[] _isKept = [];

    // Scratch: which places a state uses.
    private bool[] _isUsed = [];
    private int _length;

    /// <summary>Makes the states of an empty sequence: zeros.</summary>
    /// <exception cref="CacheFullException">There is no memory for them, or the limit forbids it.</exception>
    public FixedStates(KvMemory memory, KvCacheShape shape)
    {
        _memory = memory;
        _shape = shape;
        _offsets = new long[shape.States.Length];
        _committed = new int[_offsets.Length];
        for (var state = 0; state < _offsets.Length; state++)
        {
            _offsets[state] = _stride;
            _stride += KvCacheShape.StateStride(shape.States[state].Floats);
        }

        Grow(1);
    }

    /// <summary>Native bytes of all places.</summary>
    public long Bytes => _floats.Bytes;

    /// <summary>Length of a state in f32 numbers.</summary>
    public int Floats(int state) => _shape.States[state].Floats;

    /// <summary>The state after the last committed token.</summary>
    public NativeSpan<float> Committed(int state) => Place(state, _committed[state]);

    /// <summary>
    /// The state after a token of the tail; one memory for tokens that stay together only. Before it is written it holds
    /// anything.
    /// </summary>
    public NativeSpan<float> Tail(int state, int token) =>
        Place(state, _places[state * _room + token]);

    /// <summary>A token of the tail leaves a state as it is after an earlier one, or as it was committed where that is -1.</summary>
    public void Share(int state, int token, int earlier) =>
        _places[state * _room + token] =
            earlier < 0 ? _committed[state] : _places[state * _room + earlier];

    /// <summary>Makes the places that so many more tokens of the tail take.</summary>
    /// <param name="tokens">New tokens.</param>
    /// <param name="certain">The first of them, of which all stay or none.</param>
    /// <exception cref="CacheFullException">There is no memory for them, or the limit forbids it; no state has changed.</exception>
    public void Ensure(int tokens, int certain)
    {
        if (tokens == 0)
        {
            return;
        }

        var used = 0;
        for (var state = 0; state < _committed.Length; state++)
        {
            used = Math.Max(used, MarkUsed(state));
        }

        Grow(used + tokens - Math.Max(0, certain - 1));
        if (_room < _length + tokens)
        {
            GrowTail(Math.Max(_length + tokens, 2 * _room));
        }
    }

    /// <summary>Gives new tokens of the tail their places, which were made before.</summary>
    /// <param name="tokens">New tokens.</param>
    /// <param name="certain">The first of them, of which all stay or none.</param>
    public void Extend(int tokens, int certain)
    {
        for (var state = 0; state < _committed.Length; state++)
        {
            _ = MarkUsed(state);
            var place = -1;
            for (var token = 0; token < tokens; token++)
            {
                if (token == 0 || token >= certain)
                {
                    place = Array.IndexOf(_isUsed, false, place + 1);
                }

                _places[state * _room + _length + token] = place;
            }
        }

        for (var token = 0; token < tokens; token++)
        {
            _isKept[_length + token] = token >= certain - 1;
        }

        _length += tokens;
    }

    /// <summary>Refuses to cut the tail behind a token after which no state was kept.</summary>
    /// <exception cref="InvalidOperationException">The pass was told that the token stays only with later ones.</exception>
    public void CheckCommit(int tokens)
    {
        if (tokens > 0 && !_isKept[tokens - 1])
        {
            throw new InvalidOperationException(
                $"{tokens} tokens of the tail were to be committed, but the pass was told that they stay only together with later ones and kept no state after them."
            );
        }
    }

    /// <summary>The state after the first tokens of the tail is the committed one; the rest of the tail is gone.</summary>
    public void Commit(int tokens)
    {
        for (var state = 0; state < _committed.Length && tokens > 0; state++)
        {
            _committed[state] = _places[state * _room + tokens - 1];
        }

        _length = 0;
    }

    /// <summary>The tail has its first tokens only.</summary>
    public void Keep(int tokens) => _length = tokens;

    /// <summary>The tail has the listed tokens only, in ascending order.</summary>
    public void Compact(ReadOnlySpan<int> kept)
    {
        for (var to = 0; to < kept.Length; to++)
        {
            _isKept[to] = _isKept[kept[to]];
            for (var state = 0; state < _committed.Length; state++)
            {
                _places[state * _room + to] = _places[state * _room + kept[to]];
            }
        }

        _length = kept.Length;
    }

    /// <summary>The sequence is empty: all states are zeros, and there is no tail.</summary>
    public void Clear()
    {
        _length = 0;
        for (var state = 0; state < _committed.Length; state++)
        {
            Committed(state).Span.Clear();
        }
    }

    /// <summary>A copy of the committed states.</summary>
    /// <exception cref="CacheFullException">There is no memory for it, or the limit forbids it.</exception>
    public FixedStates Fork()
    {
        var fork = new FixedStates(_memory, _shape);
        for (var state = 0; state < _committed.Length; state++)
        {
            Committed(state).Span.CopyTo(fork.Committed(state).Span);
        }

        return fork;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.GiveStates(_floats.Bytes);
        _floats.Dispose();
        _floats = new NativeBuffer<float>(0);
    }

    private NativeSpan<float> Place(int state, int place) =>
        _floats.Span.Slice(place * _stride + _offsets[state], Floats(state));

    // Returns how many distinct places the state uses, for the committed state and the tail.
    private int MarkUsed(int state)
    {
        Array.Clear(_isUsed);
        _isUsed[_committed[state]] = true;
        var used = 1;
        for (var token = 0; token < _length; token++)
        {
            ref var isUsed = ref _isUsed[_places[state * _room + token]];
            used += isUsed ? 0 : 1;
            isUsed = true;
        }

        return used;
    }

    private void Grow(int places)
    {
        if (places <= _isUsed.Length)
        {
            return;
        }

        var bytes = places * _stride * sizeof(float) - _floats.Bytes;
        _memory.TakeStates(bytes);
        NativeBuffer<float> grown;
        try
        {
            grown = new NativeBuffer<float>(places * _stride);
        }
        catch (OutOfMemoryException exception)
        {
            _memory.GiveStates(bytes);
            throw new CacheFullException(
                $"The states of a sequence need {bytes} more bytes, and the system has no such memory; run fewer sequences or shorter drafts.",
                exception
            );
        }

        for (var place = 0; place < _isUsed.Length; place++)
        {
            for (var state = 0; state < _committed.Length; state++)
            {
                var start = place * _stride + _offsets[state];
                var from = _floats.Span.Slice(start, Floats(state)).Span;
                from.CopyTo(grown.Span.Slice(start, Floats(state)).Span);
            }
        }

        _floats.Dispose();
        _floats = grown;
        _isUsed = new bool[places];
    }

    private void GrowTail(int room)
    {
        var places = new int[_committed.Length * room];
        for (var state = 0; state < _committed.Length; state++)
        {
            _places.AsSpan(state * _room, _length).CopyTo(places.AsSpan(state * room));
        }

        (_places, _room) = (places, room);
        Array.Resize(ref _isKept, room);
    }
}
