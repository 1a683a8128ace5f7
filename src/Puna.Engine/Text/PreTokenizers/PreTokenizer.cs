using System.Collections.Frozen;

namespace Puna.Engine.Text.PreTokenizers;

/// <summary>
/// Cuts a text into the words inside which byte pairs are merged: one or more stages, each cutting what the stage
/// before left into matches of its pattern and the stretches between them.
/// </summary>
internal sealed class PreTokenizer
{
    private static readonly FrozenDictionary<string, PreTokenizer> Known = Build();
    private readonly IScanner[] _stages;

    private PreTokenizer(params IScanner[] stages) => _stages = stages;

    /// <summary>The pre-tokeniser of a name as GGUF spells it.</summary>
    /// <exception cref="InputException">No such pre-tokeniser is known.</exception>
    public static PreTokenizer ByName(string name) =>
        Known.TryGetValue(name, out var known)
            ? known
            : throw new InputException(
                $"The tokenizer asks for the pre-tokeniser '{name}'; known are {string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}."
            );

    /// <summary>Appends the end of each word of the text to <paramref name="ends"/>, which is emptied first.</summary>
    public void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        ends.Clear();
        if (text.IsEmpty)
        {
            return;
        }

        ends.Add(text.Length);
        foreach (var stage in _stages)
        {
            var before = ends.ToArray();
            ends.Clear();
            var start = 0;
            foreach (var end in before)
            {
                Cut(stage, text[..end], start, ends);
                start = end;
            }
        }
    }

    private static void Cut(IScanner stage, ReadOnlySpan<char> text, int start, List<int> ends)
    {
        var done = start;
        for (var at = start; at < text.Length; )
        {
            var end = stage.Match(text, at);
            if (end == at)
            {
                at += char.IsHighSurrogate(text[at]) ? 2 : 1;
                continue;
            }

            if (at > done)
            {
                ends.Add(at);
            }

            ends.Add(end);
            done = at = end;
        }

        if (done < text.Length)
        {
            ends.Add(text.Length);
        }
    }

    private static FrozenDictionary<string, PreTokenizer> Build()
    {
        var gpt2 = new PreTokenizer(new Gpt2Scanner());
        var llama3 = new PreTokenizer(new Llama3Scanner(digits: 3));
        var qwen2 = new PreTokenizer(new Llama3Scanner(digits: 1));
        var smollm = new PreTokenizer(new NumberScanner(wholeRun: false), new Gpt2Scanner());
        var fallback = new PreTokenizer(
            new PunctuationScanner(),
            new Gpt2Scanner(),
            new NumberScanner(wholeRun: true),
            new ThreeDigitsScanner()
        );
        return new Dictionary<string, PreTokenizer>(StringComparer.Ordinal)
        {
            ["default"] = fallback,
            ["gpt-2"] = gpt2,
            ["phi-2"] = gpt2,
            ["olmo"] = gpt2,
            ["llama-bpe"] = llama3,
            ["llama3"] = llama3,
            ["llama-v3"] = llama3,
            ["qwen2"] = qwen2,
            ["deepseek-r1-qwen"] = qwen2,
            ["smollm"] = smollm,
            ["refact"] = smollm,
            ["starcoder"] = smollm,
            ["command-r"] = smollm,
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
