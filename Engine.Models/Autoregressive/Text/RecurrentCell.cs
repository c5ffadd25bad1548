namespace Engine.Models.Autoregressive.Text;

/// <summary>Which recurrent layers a model has.</summary>
public enum RecurrentCell
{
    /// <summary>Long short-term memory.</summary>
    Lstm,

    /// <summary>Gated recurrent units.</summary>
    Gru,
}
