using System.Text.Json;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// Writes the steps around the model of a tokenizer.json: what <see cref="TokenizerJsonSteps"/> reads, and the decoder,
/// which undoes them.
/// </summary>
internal sealed class TokenizerJsonStepsWriter(TokenizerData tokenizer, Utf8JsonWriter json)
{
    private const string MetaSpace = "\u2581";

    private readonly bool _isByteLevel = tokenizer.Kind == TokenizerKind.ByteLevelBpe;

    /// <summary>What is done to a text before it is cut.</summary>
    public void WriteNormalizer() => Write("normalizer", "normalizers", Normalizers());

    /// <summary>How it is cut into words.</summary>
    /// <exception cref="InputException">The pre-tokeniser has no known spelling in this form.</exception>
    public void WritePreTokenizer() =>
        Write("pre_tokenizer", "pretokenizers", _isByteLevel ? Stages() : Metaspace());

    /// <summary>How pieces become a text again.</summary>
    public void WriteDecoder() => Write("decoder", "decoders", Decoders());

    /// <summary>One step stands for itself, several as a sequence, none as null.</summary>
    private void Write(string name, string list, IReadOnlyList<Action> steps)
    {
        if (steps.Count == 0)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        if (steps is [var only])
        {
            only();
        }
        else
        {
            json.WriteString("type", "Sequence");
            json.WriteStartArray(list);
            foreach (var step in steps)
            {
                json.WriteStartObject();
                step();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private List<Action> Normalizers()
    {
        var steps = new List<Action>();
        if (_isByteLevel)
        {
            if (tokenizer.Nfc)
            {
                steps.Add(() => Type("NFC"));
            }

            return steps;
        }

        if (!tokenizer.CharacterMap.IsEmpty)
        {
            steps.Add(() =>
            {
                Type("Precompiled");
                json.WriteBase64String("precompiled_charsmap", tokenizer.CharacterMap.Span);
            });
        }

        if (tokenizer.RemoveExtraBlanks)
        {
            steps.Add(() => Replace("Regex", TokenizerJsonSteps.OuterBlanks, ""));
            steps.Add(() => Replace("Regex", TokenizerJsonSteps.SeveralBlanks, " "));
        }

        if (tokenizer.AddSpacePrefix && !tokenizer.SpacePrefixUnlessBlank)
        {
            steps.Add(() =>
            {
                Type("Prepend");
                json.WriteString("prepend", MetaSpace);
            });
        }

        steps.Add(() => Replace("String", " ", MetaSpace));
        return steps;
    }

    private List<Action> Stages()
    {
        var stages = TokenizerJsonPatterns.Stages(tokenizer.PreTokenizer ?? "default");
        var ownPattern = stages[^1] == TokenizerJsonPatterns.Gpt2;
        var steps = new List<Action>();
        foreach (var stage in ownPattern ? stages.SkipLast(1) : stages)
        {
            steps.Add(stage == TokenizerJsonPatterns.SingleDigits ? Digits : () => Split(stage));
        }

        steps.Add(() => ByteLevel(addPrefix: false, ownPattern));
        return steps;
    }

    private List<Action> Metaspace()
    {
        var inFront = tokenizer.AddSpacePrefix && tokenizer.SpacePrefixUnlessBlank;
        if (!inFront && !tokenizer.SplitAtBlanks)
        {
            return [];
        }

        return
        [
            () =>
            {
                Type("Metaspace");
                json.WriteString("replacement", MetaSpace);
                json.WriteString(
                    "prepend_scheme",
                    !inFront ? "never"
                        : tokenizer.SpacePrefixFirstOnly ? "first"
                        : "always"
                );
                json.WriteBoolean("split", tokenizer.SplitAtBlanks);
            },
        ];
    }

    private List<Action> Decoders()
    {
        if (_isByteLevel)
        {
            return [() => ByteLevel(addPrefix: true, ownPattern: true)];
        }

        var steps = new List<Action>
        {
            () => Replace("String", MetaSpace, " "),
            () => Type("ByteFallback"),
            () => Type("Fuse"),
        };
        if (tokenizer.AddSpacePrefix)
        {
            steps.Add(() =>
            {
                Type("Strip");
                json.WriteString("content", " ");
                json.WriteNumber("start", 1);
                json.WriteNumber("stop", 0);
            });
        }

        return steps;
    }

    private void Type(string type) => json.WriteString("type", type);

    private void Replace(string kind, string pattern, string content)
    {
        Type("Replace");
        json.WriteStartObject("pattern");
        json.WriteString(kind, pattern);
        json.WriteEndObject();
        json.WriteString("content", content);
    }

    private void Digits()
    {
        Type("Digits");
        json.WriteBoolean("individual_digits", true);
    }

    private void Split(string pattern)
    {
        Type("Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", pattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
    }

    private void ByteLevel(bool addPrefix, bool ownPattern)
    {
        Type("ByteLevel");
        json.WriteBoolean("add_prefix_space", addPrefix);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", ownPattern);
    }
}
