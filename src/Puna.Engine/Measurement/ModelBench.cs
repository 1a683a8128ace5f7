using System.Diagnostics;
using Puna.Engine.Execution;
using Puna.Engine.Runtime;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Limits;
using Puna.Kernels.Randomness;

namespace Puna.Engine.Measurement;

/// <summary>
/// Measures how fast a model reads prompts and decodes. The ids are random and the caches are filled with random keys
/// and values, each sequence with pages of its own: speed does not depend on what the numbers are. Decoding is greedy, so
/// that each step waits for the one before it.
/// </summary>
public sealed class ModelBench : IDisposable
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(0.4);
    private readonly InferenceEngine _engine;
    private readonly BenchOptions _options;
    private readonly Func<double>? _readBandwidth;
    private readonly List<Sequence> _sequences = [];
    private int _room;
    private readonly Batch _batch;
    private readonly int[] _prompt;
    private readonly int[] _next;
    private readonly int[] _rows;

    /// <summary>Prepares the measurement.</summary>
    /// <param name="engine">The loaded model.</param>
    /// <param name="options">What to measure.</param>
    /// <param name="readBandwidth">Tells what memory gives at the moment, in bytes a second; null = is not asked.</param>
    /// <exception cref="InputException">A number is out of range or a depth lies beyond the context.</exception>
    public ModelBench(
        InferenceEngine engine,
        BenchOptions options,
        Func<double>? readBandwidth = null
    )
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(engine.ContextLength, engine.Pass.MaximumRows);
        _engine = engine;
        _options = options;
        _readBandwidth = readBandwidth;
        var batch = options.Batches.Append(1).Max();
        var vocabulary = engine.Model.Config.VocabularySize;
        _batch = new Batch(engine);
        _next = new int[batch];
        _rows = [.. Enumerable.Range(0, batch)];
        var random = new PhiloxRandom(0);
        _prompt = new int[options.PromptTokens.Append(batch).Max()];
        for (var index = 0; index < _prompt.Length; index++)
        {
            _prompt[index] = (int)(random.NextUInt64() % (ulong)vocabulary);
        }
    }

    /// <summary>Rows that <see cref="Run"/> gives.</summary>
    public int Rows =>
        _options.Depths.Count
        * (_options.PromptTokens.Count + _options.DecodeTokens.Count * _options.Batches.Count);

    /// <summary>Measures every row: for each depth first the prompts, then decoding for each number of sequences.</summary>
    /// <param name="progress">Told before each row.</param>
    /// <param name="cancellation">Ends the measurement between two passes.</param>
    public IEnumerable<BenchRow> Run(
        IProgress<BenchProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var done = 0;
        foreach (var depth in _options.Depths)
        {
            Release();
            foreach (var tokens in _options.PromptTokens)
            {
                progress?.Report(new((double)done++ / Rows, $"pp {tokens} at {depth}"));
                yield return Prompt(tokens, depth, cancellation);
            }

            foreach (var batch in _options.Batches)
            {
                foreach (var tokens in _options.DecodeTokens)
                {
                    progress?.Report(
                        new((double)done++ / Rows, $"tg {tokens} x {batch} at {depth}")
                    );
                    yield return Decode(tokens, batch, depth, cancellation);
                }
            }
        }

        Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _batch.Dispose();
    }

    private BenchRow Prompt(int tokens, int depth, CancellationToken cancellation)
    {
        Fill(1, depth, tokens);
        var (rate, _) = Measure(
            tokens,
            depth,
            () => Read(tokens, cancellation),
            readBandwidth: null
        );
        var work = BenchWork.Prompt(
            _engine.Model.Weights,
            _engine.Model.Plan,
            _engine.Cache.Shape,
            tokens,
            _engine.Pass.MaximumRows,
            depth
        );
        return new BenchRow(BenchTest.Prompt, tokens, 1, depth, rate, work, [])
        {
            Stages = Stages(depth, () => Read(tokens, cancellation), Passes(tokens)),
        };
    }

    private BenchRow Decode(int tokens, int batch, int depth, CancellationToken cancellation)
    {
        Fill(batch, depth, tokens);
        var (rate, bandwidths) = Measure(
            tokens * batch,
            depth,
            () => Generate(tokens, batch, cancellation),
            _readBandwidth
        );
        var work = BenchWork.Decode(
            _engine.Model.Weights,
            _engine.Model.Plan,
            _engine.Cache.Shape,
            tokens,
            batch,
            depth
        );
        return new BenchRow(BenchTest.Decode, tokens, batch, depth, rate, work, bandwidths)
        {
            Stages = Stages(depth, () => Generate(tokens, batch, cancellation), tokens),
        };
    }

    private (SampleSummary Rate, IReadOnlyList<double> ReadBandwidths) Measure(
        int tokens,
        int depth,
        Action repetition,
        Func<double>? readBandwidth
    )
    {
        WarmUp(depth, repetition);
        var samples = new double[_options.Repeats];
        var bandwidths = new List<double>();
        var before = readBandwidth?.Invoke() ?? 0;
        for (var index = 0; index < samples.Length; index++)
        {
            samples[index] = tokens / Time(depth, repetition).TotalSeconds;
            if (readBandwidth is not null)
            {
                var after = readBandwidth();
                bandwidths.Add((before + after) / 2);
                before = after;
            }
        }

        return (new SampleSummary(samples), bandwidths);
    }

    private int Passes(int tokens) =>
        (tokens + _engine.Pass.MaximumRows - 1) / _engine.Pass.MaximumRows;

    private StageTime[] Stages(int depth, Action repetition, int passes)
    {
        if (!_options.Profile)
        {
            return [];
        }

        var profile = new ForwardProfile();
        _engine.Pass.Profile = profile;
        var whole = Time(depth, repetition);
        _engine.Pass.Profile = null;
        return
        [
            .. Enum.GetValues<ForwardStage>().Select(stage => Of(Words(stage), profile[stage])),
            Of("between", whole - profile.Total),
        ];

        StageTime Of(string name, TimeSpan time) =>
            new(name, time.TotalMicroseconds / passes, time / whole);

        // "QueryKeyValue" as "query key value".
        static string Words(ForwardStage stage) =>
            string.Concat(
                stage
                    .ToString()
                    .Select(
                        (letter, index) =>
                            index > 0 && char.IsUpper(letter)
                                ? $" {char.ToLowerInvariant(letter)}"
                                : char.ToLowerInvariant(letter).ToString()
                    )
            );
    }

    // Until the kernels of this row are compiled, memory has been touched and the processor runs at its clock.
    private void WarmUp(int depth, Action repetition)
    {
        for (var spent = TimeSpan.Zero; spent < s_warmUp; )
        {
            spent += Time(depth, repetition);
        }
    }

    private TimeSpan Time(int depth, Action repetition)
    {
        var start = Stopwatch.GetTimestamp();
        repetition();
        var elapsed = Stopwatch.GetElapsedTime(start);
        for (var index = 0; index < _sequences.Count; index++)
        {
            var sequence = _sequences[index];
            sequence.Truncate(depth);
            if (sequence.Committed < depth)
            {
                // A window has passed what stood there.
                sequence.Dispose();
                _sequences[index] = Filled(depth, _room);
            }
        }

        return elapsed;
    }

    private void Read(int tokens, CancellationToken cancellation)
    {
        var sequence = _sequences[0];
        sequence.Append(_prompt.AsSpan(0, tokens));
        SequenceReader.Score(
            sequence,
            sequence.Ids.Length - 1,
            (_, outputs) => Choose(0, outputs.Logits(0)),
            cancellation: cancellation
        );
    }

    private void Generate(int tokens, int batch, CancellationToken cancellation)
    {
        _prompt.AsSpan(0, batch).CopyTo(_next);
        var rows = _rows.AsSpan(0, batch);
        for (var step = 0; step < tokens; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            _batch.Clear();
            for (var index = 0; index < batch; index++)
            {
                var sequence = _sequences[index];
                sequence.Append(_next[index]);
                _batch.Add(sequence, new NewRows(sequence.Ids[^1..]));
            }

            _batch.Run();
            var outputs = new Outputs(batch, _batch.Logits(rows), []);
            for (var index = 0; index < batch; index++)
            {
                Choose(index, outputs.Logits(index));
                _sequences[index].Commit(1);
                _sequences[index].EndRound();
            }
        }
    }

    private void Choose(int index, ReadOnlySpan<float> logits) =>
        _next[index] = Math.Max(ArgMax.Of(logits), 0);

    /// <summary>Makes sequences that hold <paramref name="depth"/> tokens, up to as many as are asked for.</summary>
    private void Fill(int batch, int depth, int tokens)
    {
        _room = tokens;
        while (_sequences.Count < batch)
        {
            _sequences.Add(Filled(depth, tokens));
        }
    }

    private Sequence Filled(int depth, int room)
    {
        var kv = _engine.Cache.CreateSequence(depth + room);
        RandomKeysAndValues.Append(kv, depth, _engine.Pool);
        var sequence = new Sequence(_engine, kv, new int[depth]);
        sequence.Reserve(depth + room);
        return sequence;
    }

    private void Release()
    {
        foreach (var sequence in _sequences)
        {
            sequence.Dispose();
        }

        _sequences.Clear();
    }
}
