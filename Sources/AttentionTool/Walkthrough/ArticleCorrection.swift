/// Where the article is wrong, and what is right.
enum ArticleCorrection: CaseIterable, Sendable {
  case keys
  case softmax
  case heads
  case moduleOutput
  case attribution

  var sections: String {
    switch self {
    case .keys: "section 4.2"
    case .softmax: "section 4.3"
    case .heads: "sections 2.2 and 3.2"
    case .moduleOutput: "section 5.4"
    case .attribution: "section 6"
    }
  }

  var text: String {
    switch self {
    case .keys:
      """
      the formula of A multiplies Q_i by H_j, the text below it speaks of Q_i, K_j and V_j. It is the key: Q_i·K_j. (In \
      this example keys are the embeddings, so that the numbers are the same.)
      """
    case .softmax:
      """
      a softmax takes a whole row of scores. The article takes it of one pair's score and gets a vector; of one number it \
      would be 1. It also exchanges x₁′ and x₃′ (its A₁₁ is Q₁·x₃′), and neither its weights nor its Y follow from the \
      numbers shown. It announces three heads and computes one, with the √3 of all features.
      """
    case .heads:
      """
      heads do not cut the sequence into parts of n/h tokens: every head sees every token. They cut the features, d_model \
      into h parts of d_model/h, as the article's own code does and Vaswani et al. (2017), section 3.2.2. Attention within \
      pieces of the sequence is another thing (block-local attention).
      """
    case .moduleOutput:
      """
      the 2 × 2 numbers printed there can't come from its code, whose output is [batch, length, d_model] = [2, 3, 4]; and \
      rows of the output are tokens, not heads.
      """
    case .attribution:
      """
      BlueBERT is not Facebook's, nor for question answering: it is BERT trained on biomedical texts (Peng et al. 2019, NCBI).
      """
    }
  }
}
