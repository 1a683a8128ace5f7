using Puna.Engine.Decoding;

namespace Puna.Engine.Tests.Decoding;

/// <summary>A grammar of a few lines: even ids only, and after every third one an id below the last.</summary>
internal sealed class EvenIds : ILogitProcessor
{
    private readonly List<int> _ids = new(4096);

    public void Begin(ReadOnlySpan<int> prompt) => _ids.Clear();

    public void Apply(Span<float> logits)
    {
        var below = _ids.Count % 3 == 0 && _ids.Count > 0 && _ids[^1] > 0 ? _ids[^1] : int.MaxValue;
        for (var id = 0; id < logits.Length; id++)
        {
            if (id % 2 != 0 || id >= below)
            {
                logits[id] = float.NegativeInfinity;
            }
        }
    }

    public void Accept(int id) => _ids.Add(id);

    public void Retract(int id)
    {
        Assert.Equal(id, _ids[^1]);
        _ids.RemoveAt(_ids.Count - 1);
    }
}
