using Puna.Engine.Runtime;
using Puna.Engine.Text;

namespace Puna.Engine.Decoding;

/// <summary>
/// Generates: reads the prompt in chunks, then lets a decoder choose tokens until one of the reasons of
/// <see cref="StopReason"/> holds. Allocates nothing for a token, log probabilities aside.
/// </summary>
public sealed class Generator
{
    private readonly ISequence _sequence;
    private readonly ITokenizer? _tokenizer;
    private readonly IDecoder _decoder;
    private readonly TimeProvider _time;

    /// <summary>Makes a generator for one sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="tokenizer">Makes text of ids; without it there are ids only.</param>
    /// <param name="decoder">Null = plain decoding.</param>
    /// <param name="time">Clock; null = the system's.</param>
    public Generator(
        ISequence sequence,
        ITokenizer? tokenizer,
        IDecoder? decoder = null,
        TimeProvider? time = null
    )
    {
        _sequence = sequence;
        _tokenizer = tokenizer;
        _decoder = decoder ?? new PlainDecoder();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Generates behind a prompt.</summary>
    /// <param name="prompt">
    /// All ids of the sequence so far. What it holds is kept as far as it agrees with them; only the rest is run.
    /// </param>
    /// <param name="options">What to generate.</param>
    /// <param name="handler">Told of each token as soon as it is chosen.</param>
    /// <param name="cancellation">Ends the generation between two tokens or chunks; no exception.</param>
    /// <returns>The ids. The sequence then holds the prompt and all of them, the last one not computed.</returns>
    /// <exception cref="InputException">An option is outside its range, or the prompt is empty, too long or has unknown ids.</exception>
    public GenerationResult Run(
        ReadOnlySpan<int> prompt,
        GenerationOptions options,
        GenerationHandler? handler = null,
        CancellationToken cancellation = default
    )
    {
        options.Validate();
        CheckPrompt(prompt);
        var start = _time.GetTimestamp();
        var room = _sequence.ContextLength - prompt.Length;
        var limit = Math.Min(options.MaximumTokens ?? room, room);
        var vocabulary = _sequence.VocabularySize;
        var sampler = new Sampler(options.Sampling, vocabulary, options.LogitProcessors);
        var logprobs = options.TopLogprobs is { } top ? new LogprobReader(vocabulary, top) : null;
        var text = new GenerationText(_tokenizer, prompt, options);
        var held = Begin(prompt);
        _sequence.Reserve(prompt.Length + limit + _decoder.MaximumRows);
        var state = new DecodingState(_sequence, sampler, logprobs);
        var session = new DecodingSession(_decoder, state, options.PromptChunk);
        var first = start;
        var emitted = 0;
        StopReason? reason = limit == 0 ? StopReason.Length : null;
        try
        {
            if (reason is null && !session.ReadPrompt(options.PromptProgress, cancellation))
            {
                reason = StopReason.Cancelled;
            }

            while (reason is null)
            {
                session.Step();
                first = emitted == 0 ? _time.GetTimestamp() : first;
                while (reason is null && emitted < state.Chosen.Length)
                {
                    reason = Emit(state, emitted++, limit, options, text, handler);
                }

                session.Commit(emitted);
                if (reason is null && cancellation.IsCancellationRequested)
                {
                    reason = StopReason.Cancelled;
                    var rest = text.Finish([]);
                    if (rest.Length > 0)
                    {
                        handler?.Invoke(new GenerationStep(-1, rest, null));
                    }
                }
            }
        }
        catch
        {
            // What a failed step left is of no use.
            _sequence.Truncate(_sequence.Committed);
            throw;
        }

        // Until the first token is chosen all time belongs to the prompt.
        first = emitted == 0 ? _time.GetTimestamp() : first;
        return new GenerationResult
        {
            Ids = state.Chosen.ToArray(),
            StopReason = reason.Value,
            StopString = text.Found,
            PromptTokens = prompt.Length,
            PromptTokensRun = Math.Min(_sequence.Committed, prompt.Length) - held,
            PromptTime = _time.GetElapsedTime(start, first),
            DecodeTime = _time.GetElapsedTime(first),
            Seed = sampler.Seed,
        };
    }

    /// <summary>
    /// Makes the prompt the ids of the sequence; returns how many of them it holds already. The logits after the last one
    /// are needed, so that it is run in any case.
    /// </summary>
    private int Begin(ReadOnlySpan<int> prompt)
    {
        var common = _sequence.Ids[.._sequence.Committed].CommonPrefixLength(prompt);
        var held = Math.Min(common, prompt.Length - 1);
        _sequence.Truncate(held);
        _sequence.Append(prompt[held..]);
        return held;
    }

    /// <summary>Hands out the chosen token at an index; returns the reason to stop after it, or null.</summary>
    private StopReason? Emit(
        DecodingState state,
        int index,
        int limit,
        GenerationOptions options,
        GenerationText text,
        GenerationHandler? handler
    )
    {
        var id = state.Chosen[index];
        StopReason? reason = null;
        ReadOnlySpan<char> piece = [];
        if (IsStop(id, options))
        {
            reason = StopReason.StopId;
        }
        else
        {
            piece = text.Append(id);
            if (text.Found is not null)
            {
                reason = StopReason.StopText;
            }
            else if (index + 1 == limit)
            {
                reason = limit == options.MaximumTokens ? StopReason.Length : StopReason.Context;
            }
        }

        if (reason is not null)
        {
            piece = text.Finish(piece);
        }

        handler?.Invoke(new GenerationStep(id, piece, state.Logprobs(index)));
        return reason;
    }

    private bool IsStop(int id, GenerationOptions options)
    {
        var stops = options.StopIds;
        for (var i = 0; i < stops.Count; i++)
        {
            if (stops[i] == id)
            {
                return true;
            }
        }

        return !options.IgnoreEnd && _sequence.IsEnd(id);
    }

    private void CheckPrompt(ReadOnlySpan<int> prompt)
    {
        if (prompt.IsEmpty)
        {
            throw new InputException(
                "The prompt has no token; at least one is needed to go on from."
            );
        }

        if (prompt.Length >= _sequence.ContextLength)
        {
            throw new InputException(
                $"The prompt has {prompt.Length} tokens, but the context holds {_sequence.ContextLength} and one must be left for the answer; shorten the prompt or choose a larger context."
            );
        }

        foreach (var id in prompt)
        {
            if ((uint)id >= (uint)_sequence.VocabularySize)
            {
                throw new InputException(
                    $"The prompt has token {id}, but ids go from 0 to {_sequence.VocabularySize - 1}."
                );
            }
        }
    }
}
