using Puna.Engine.Execution;
using Puna.Engine.Runtime;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;

namespace Puna.Engine.Evaluation;

/// <summary>Mean negative log-likelihood of a text under a model, by windows.</summary>
public static class Perplexity
{
    // Rows of logits held at once: the vocabulary is wide, the text is long.
    private const int LogitRows = 64;

    /// <summary>Measures.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="ids">The text.</param>
    /// <param name="options">Windows and rule.</param>
    /// <param name="progress">Told the share that is done and the mean so far.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    /// <exception cref="InputException">The text is too short, or the window does not fit the model.</exception>
    public static PerplexityResult Measure(
        InferenceEngine engine,
        IReadOnlyList<int> ids,
        PerplexityOptions options,
        IProgress<(double Share, double MeanNll)>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var windows = Windows(ids.Count, options, engine.ContextLength);
        using var logits = new NativeBuffer<float>(
            (long)LogitRows * engine.Model.Config.VocabularySize
        );
        var sum = 0.0;
        long predictions = 0;
        for (var index = 0; index < windows.Count; index++)
        {
            var window = windows[index];
            var inputs = ids.Skip(window.Start).Take(window.Inputs).ToArray();
            if (options is { Rule: PerplexityRule.LlamaCpp, WindowBos: { } bos })
            {
                inputs[0] = bos;
            }

            sum += Score(engine, inputs, ids, window, logits.Span, cancellation);
            predictions += window.Inputs - window.FirstScored;
            progress?.Report(((index + 1.0) / windows.Count, sum / predictions));
        }

        return new PerplexityResult(predictions, sum / predictions);
    }

    /// <summary>
    /// The windows over <paramref name="count"/> ids. Input i of a window predicts id Start + i + 1; inputs before
    /// FirstScored only give context.
    /// </summary>
    internal static List<(int Start, int Inputs, int FirstScored)> Windows(
        int count,
        PerplexityOptions options,
        int longest
    )
    {
        var context = options.Context;
        var stride = options.Stride ?? context;
        Require(count >= 2, $"The text has {count} tokens; at least 2 are needed to predict one.");
        Require(
            context >= 1 && context <= longest,
            $"A window of {context} was asked for; the model takes 1 to {longest}."
        );
        Require(
            stride >= 1 && stride <= context,
            $"A stride of {stride} was asked for; a number from 1 to the window's {context} is needed."
        );
        return options.Rule == PerplexityRule.LlamaCpp
            ? LlamaCppWindows(count, context)
            : PlainWindows(count, context, stride);
    }

    private static List<(int Start, int Inputs, int FirstScored)> PlainWindows(
        int count,
        int context,
        int stride
    )
    {
        var windows = new List<(int, int, int)>();
        if (count <= context)
        {
            return [(0, count - 1, 0)];
        }

        for (var start = 0; start + context < count; start += stride)
        {
            windows.Add((start, context, start == 0 ? 0 : context - stride));
        }

        return windows;
    }

    private static List<(int Start, int Inputs, int FirstScored)> LlamaCppWindows(
        int count,
        int context
    )
    {
        Require(
            context >= 4 && count >= 2 * context,
            $"llama.cpp's rule needs a window of at least 4 and a text of two windows; found {context} and {count} tokens."
        );
        var windows = new List<(int, int, int)>();
        for (var start = 0; start + context <= count; start += context)
        {
            // The last id of a window is predicted, never read.
            windows.Add((start, context - 1, context / 2));
        }

        return windows;
    }

    private static double Score(
        InferenceEngine engine,
        int[] inputs,
        IReadOnlyList<int> ids,
        (int Start, int Inputs, int FirstScored) window,
        NativeSpan<float> logits,
        CancellationToken cancellation
    )
    {
        var vocabulary = engine.Model.Config.VocabularySize;
        var sum = 0.0;
        using var sequence = engine.Cache.CreateSequence();
        for (var start = 0; start < inputs.Length; start += engine.Forward.MaximumTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            var length = Math.Min(engine.Forward.MaximumTokens, inputs.Length - start);
            engine.Forward.Run(inputs.AsSpan(start, length), [new Segment(sequence, length)]);
            sequence.Commit(inputs.AsSpan(start, length));
            for (var row = Math.Max(0, window.FirstScored - start); row < length; row += LogitRows)
            {
                var rows = Math.Min(LogitRows, length - row);
                engine.Forward.Logits(row, rows, logits);
                for (var scored = 0; scored < rows; scored++)
                {
                    var values = logits.Slice((long)scored * vocabulary, vocabulary).Span;
                    var target = ids[window.Start + start + row + scored + 1];
                    sum += LogSumExp.Of(values) - values[target];
                }
            }
        }

        return sum;
    }

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new InputException(sentence);
        }
    }
}
