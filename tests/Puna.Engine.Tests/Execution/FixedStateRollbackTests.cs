using Puna.Engine.Cache;
using Puna.Engine.Execution;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Execution;

/// <summary>
/// Random passes over random sequences, tentative tokens committed, cut, forked and saved: whatever happens, each row finds
/// the state that its own ancestors leave, bit for bit.
/// </summary>
public sealed class FixedStateRollbackTests : IDisposable
{
    private const int Width = 5;
    private const int MostRows = 200;
    private const float Decay = 0.7f;
    private static readonly KvIdentity s_identity = new("model", "", "", "dense", "");
    private readonly Random _random = new(11);
    private readonly WorkerPool _pool = new(1);
    private readonly RowSet _rows = new(MostRows);
    private readonly SlotTable _slots = new();
    private readonly Slot _input;
    private readonly Slot _output;
    private readonly RecurrenceOp _operation;
    private readonly KvCache _cache = new(
        new KvCacheShape(
            [new KvBankShape(1, 4)],
            _ => new KvFormatPair(KvPageFormats.F32, KvPageFormats.F32),
            new FixedStateShape(0, 1, Width + 1),
            new FixedStateShape(0, 2, Width)
        )
    );

    public FixedStateRollbackTests()
    {
        _input = _slots.Add("input", _rows, Width);
        _output = _slots.Add("output", _rows, Width);
        _operation = new RecurrenceOp(
            Decay,
            new BranchState(0, Width + 1),
            new BranchState(1, Width),
            _input,
            _output
        );
        new SlotUses(_slots, 0).Writes(_input);
        _operation.Declare(new SlotUses(_slots, 1));
        new SlotUses(_slots, 2).Reads(_output);
        _slots.Lay(SlotLayout.Inference, ActivationFormat.F32);
    }

    [Fact]
    public void Every_row_finds_the_state_that_its_ancestors_leave()
    {
        List<Member> members = [new(_cache.CreateSequence()), new(_cache.CreateSequence())];
        for (var round = 0; round < 1500; round++)
        {
            Run([.. members.Where(_ => _random.Next(3) > 0)]);
            if (_random.Next(3) == 0)
            {
                // More rows behind tails that are chains, before anything is committed.
                Run([.. members.Where(member => member.IsChain)]);
            }

            foreach (var member in members)
            {
                Settle(member);
                Check(member);
            }

            Replace(members, _random.Next(members.Count));
        }

        members.ForEach(member => member.Sequence.Dispose());
        Assert.Equal(0, _cache.Bytes.Total);
    }

    public void Dispose()
    {
        _cache.Dispose();
        _slots.Dispose();
        _rows.Dispose();
        _pool.Dispose();
    }

    // The state and result after some inputs, from the start.
    private static (float[] Hidden, float[] Memory, float[] Result) Naive(IEnumerable<float[]> xs)
    {
        var (hidden, memory, result) = (new float[Width + 1], new float[Width], new float[Width]);
        foreach (var x in xs)
        {
            for (var column = 0; column < Width; column++)
            {
                hidden[column] = Decay * hidden[column] + x[column];
                result[column] = hidden[column] + memory[column];
            }

            if (++hidden[Width] % RecurrenceOp.Chunk == 0)
            {
                for (var column = 0; column < Width; column++)
                {
                    memory[column] = 0.5f * memory[column] + hidden[column];
                }
            }
        }

        return (hidden, memory, result);
    }

    private void Run(List<Member> members)
    {
        var segments = members.ConvertAll(Propose);
        var count = segments.Sum(segment => segment.Tokens);
        _rows.Begin(count, segments.ToArray());
        TokenPlacement.Reserve(_rows.Segments, _rows.FirstTail, _rows.Positions.Span);
        foreach (ref var value in _input.Values.Values.Span)
        {
            value = _random.NextSingle() - 0.5f;
        }

        _operation.Forward([], _pool);
        var row = 0;
        for (var index = 0; index < members.Count; index++)
        {
            var (member, segment) = (members[index], segments[index]);
            var first = member.Tail.Count;
            for (var token = 0; token < segment.Tokens; token++, row++)
            {
                var parent = segment.Parents.IsEmpty
                    ? first + token - 1
                    : segment.Parents.Span[token];
                member.Tail.Add(
                    new Node(_input.Values[row].ToArray(), parent, token >= segment.Certain - 1)
                );
                var expected = Naive([.. member.Committed, .. member.Path(first + token)]);
                Assert.Equal(expected.Result, _output.Values[row].ToArray());
            }
        }
    }

    private Segment Propose(Member member)
    {
        var tokens = _random.Next(1, 9);
        var certain = _random.Next(3) == 0 ? 0 : _random.Next(tokens + 1);
        if (member.Tail.Count > 0 || _random.Next(2) == 0)
        {
            return new Segment(member.Sequence, tokens, Certain: certain);
        }

        var parents = new int[tokens];
        for (var node = 0; node < tokens; node++)
        {
            parents[node] = node < certain ? node - 1 : _random.Next(certain - 1, node);
            parents[node] = Math.Max(-1, parents[node]);
        }

        return new Segment(member.Sequence, tokens, parents, Certain: certain);
    }

    // Commits a path, all of it or a part, or cuts the tail to nothing.
    private void Settle(Member member)
    {
        var kept = Enumerable
            .Range(0, member.Tail.Count)
            .Where(token => member.Tail[token].IsKept)
            .ToList();
        if (kept.Count == 0 || _random.Next(5) == 0)
        {
            _ = member.Sequence.Truncate(member.Sequence.LogicalLength);
        }
        else
        {
            var path = member.Indices(kept[_random.Next(kept.Count)]);
            if (member.IsChain && _random.Next(2) == 0)
            {
                member.Sequence.Commit(new int[path.Count]);
            }
            else
            {
                member.Sequence.Compact(path.ToArray());
                member.Sequence.Commit(new int[path.Count]);
            }

            member.Committed.AddRange(path.Select(token => member.Tail[token].Input));
        }

        member.Tail.Clear();
    }

    private static void Check(Member member)
    {
        var (hidden, memory, _) = Naive(member.Committed);
        var states = member.Sequence.FixedStates!;
        Assert.Equal(member.Committed.Count, member.Sequence.LogicalLength);
        Assert.Equal(hidden, states.Committed(0).Span.ToArray());
        Assert.Equal(memory, states.Committed(1).Span.ToArray());
    }

    // A fork, a saved and restored twin, a new beginning; or nothing.
    private void Replace(List<Member> members, int index)
    {
        var member = members[index];
        switch (_random.Next(12))
        {
            case 0 when members.Count < 5:
                members.Add(new Member(member.Sequence.Fork(), member.Committed));
                break;
            case 1:
                using (var stream = new MemoryStream())
                {
                    var ids = new int[member.Committed.Count];
                    _ = KvSnapshot.Save(member.Sequence, ids, stream, s_identity);
                    stream.Position = 0;
                    member.Sequence.Dispose();
                    var restored = KvSnapshot.Load(_cache, stream, s_identity).Sequence;
                    members[index] = new Member(restored, member.Committed);
                }

                break;
            case 2 when member.Committed.Count > 0:
                var length = _random.Next(member.Committed.Count);
                Assert.Equal(0, member.Sequence.Truncate(length));
                member.Committed.Clear();
                break;
            default:
                break;
        }

        Check(members[index]);
    }

    private sealed record Node(float[] Input, int Parent, bool IsKept);

    private sealed class Member(KvSequence sequence, params IEnumerable<float[]> committed)
    {
        public KvSequence Sequence => sequence;

        public List<float[]> Committed { get; } = [.. committed];

        public List<Node> Tail { get; } = [];

        public bool IsChain =>
            Enumerable.Range(0, Tail.Count).All(token => Tail[token].Parent == token - 1);

        /// <summary>A token of the tail behind all its ancestors.</summary>
        public List<int> Indices(int token)
        {
            var indices = new List<int>();
            for (; token >= 0; token = Tail[token].Parent)
            {
                indices.Insert(0, token);
            }

            return indices;
        }

        public IEnumerable<float[]> Path(int token) =>
            Indices(token).Select(index => Tail[index].Input);
    }
}
